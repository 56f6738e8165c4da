use pretty_assertions::assert_eq;

use super::document::Off;
use super::*;

fn shipped() -> Vec<(Profile, Estimate)> {
    profiles()
        .unwrap()
        .into_iter()
        .map(|profile| {
            let estimate = profile.estimate(PriceTable::shipped());
            (profile, estimate)
        })
        .collect()
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

#[test]
fn every_item_agrees_within_a_tenth_or_says_what_is_off() {
    for (profile, estimate) in shipped() {
        let all = estimate
            .items
            .iter()
            .chain(&estimate.savings)
            .chain(&estimate.rates);
        for line in all {
            let place = format!(
                "{}: {}: {:?} beside {}",
                profile.name, line.name, line.ours, line.document
            );
            match line.verdict {
                Verdict::Agrees => {}
                Verdict::Arithmetic | Verdict::Price | Verdict::NotListed => {
                    assert!(
                        line.because.as_ref().is_some_and(|why| !why.is_empty()),
                        "{place}"
                    );
                }
                Verdict::Unknown | Verdict::Unexplained => panic!("{place}: {:?}", line.verdict),
            }
        }
    }
}

#[test]
fn nothing_that_agrees_is_called_wrong() {
    for (profile, estimate) in shipped() {
        let items = profile.items.iter().chain(&profile.savings).chain(&profile.rates);
        let lines = estimate
            .items
            .iter()
            .chain(&estimate.savings)
            .chain(&estimate.rates);
        for (item, line) in items.zip(lines) {
            assert!(
                line.verdict != Verdict::Agrees || item.off.is_none(),
                "{}: {} agrees: {:?} beside {}",
                profile.name,
                line.name,
                line.ours,
                line.document
            );
        }
    }
}

#[test]
fn a_price_is_blamed_only_where_the_documents_own_arithmetic_holds() {
    let mut seen = 0;
    for (profile, _) in shipped() {
        for item in &profile.items {
            let (Some(rate), Some(quantity)) = (item.document_rate, item.document_quantity) else {
                continue;
            };
            seen += 1;
            let computed = rate * quantity;
            let holds = is_within_a_tenth(computed, item.document_usd, None);
            let place = format!(
                "{}: {}: {computed} beside {}",
                profile.name, item.name, item.document_usd
            );
            match item.off {
                Some(Off::Price) | None => assert!(holds, "{place}"),
                Some(Off::Arithmetic) => assert!(computed != item.document_usd, "{place}"),
            }
        }
    }
    assert!(seen >= 15, "{seen}");
}

#[test]
fn the_documents_totals_are_the_sums_of_their_items_or_it_is_said() {
    let said: Vec<(String, Usd, Usd)> = shipped()
        .into_iter()
        .filter(|(_, estimate)| estimate.document_sum() != estimate.document_total)
        .map(|(profile, estimate)| {
            assert!(estimate.total_because.is_some(), "{}", profile.name);
            (
                profile.name.clone(),
                estimate.document_sum(),
                estimate.document_total,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("ecg".to_owned(), usd("497.06"), usd("496")),
            ("ecommerce-reserved".to_owned(), usd("215"), usd("185")),
        ]
    );
}

#[test]
fn amounts_are_those_of_the_price_list() {
    let (_, dev) = shipped().remove(0);
    let ours = |name: &str| {
        let line = dev.items.iter().find(|line| line.name == name).unwrap();
        (line.ours, line.verdict)
    };
    // 0.5 × 0.04656 + 1 × 0.00511 = 0.02839 USD an hour.
    assert_eq!(
        ours("Fargate 0.5 vCPU, 1 GB × 1"),
        (Some(usd("20.7247")), Verdict::Price)
    );
    assert_eq!(ours("NAT gateway × 1"), (Some(usd("43.07")), Verdict::Agrees));
    assert_eq!(ours("AI API"), (None, Verdict::NotListed));
    assert!(dev.our_total() < dev.document_total);
}

#[test]
fn what_has_no_price_here_is_in_neither_total() {
    for (profile, estimate) in shipped() {
        let left_out: Usd = estimate
            .items
            .iter()
            .filter(|line| line.ours.is_none())
            .map(|line| line.document)
            .sum();
        let expected = match profile.name.as_str() {
            "codemate-dev" => usd("20"),
            "codemate-prod" => usd("180"),
            "invokeai" => usd("500"),
            _ => Usd::ZERO,
        };
        assert_eq!(left_out, expected, "{}", profile.name);
        assert_eq!(
            estimate.compared_sum() + left_out,
            estimate.document_sum(),
            "{}",
            profile.name
        );
    }
    let item = r#"{"schema":"quarterdeck.estimate/1","name":"x","title":"x","region":"us-east-1","total_usd":"1",
        "items":[{"name":"y","document_usd":"1","listed":false,"because":"z"}]}"#;
    let estimate = Profile::parse(item).unwrap().estimate(PriceTable::shipped());
    assert_eq!(
        (estimate.compared_sum(), estimate.our_total()),
        (Usd::ZERO, Usd::ZERO)
    );
}

#[test]
fn broken_descriptions_are_refused() {
    assert!(matches!(Profile::parse("{"), Err(EstimateError::Syntax(_))));
    let other = r#"{"schema":"other/1","name":"x","title":"x","region":"x","total_usd":"1","items":[]}"#;
    assert_eq!(
        Profile::parse(other).unwrap_err(),
        EstimateError::Schema("other/1".to_owned())
    );
    let item = r#"{"schema":"quarterdeck.estimate/1","name":"x","title":"x","region":"us-east-1","total_usd":"1",
        "items":[{"name":"y","document_usd":"1","parts":[{"of":"ec2","instance_type":"z9.huge","count":1}]}]}"#;
    let estimate = Profile::parse(item).unwrap().estimate(PriceTable::shipped());
    assert_eq!(estimate.items[0].verdict, Verdict::Unknown);
    assert_eq!(estimate.items[0].ours, None);
}
