use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::runbook::machine::tests_support::sample_plan;

#[test]
fn a_plan_file_is_read_back_as_it_was_written() {
    let plan = sample_plan();
    assert!(plan.digest.starts_with("sha256:") && plan.digest.len() == 71);
    assert!(plan.is_sealed());
    assert_eq!(Plan::from_text(&plan.to_text()).unwrap(), plan);
    assert_eq!(plan.sealed().unwrap(), plan);
}

#[test]
fn any_changed_byte_is_refused() {
    let text = sample_plan().to_text();
    for place in 0..text.len() {
        if !text.is_char_boundary(place) || !text.is_char_boundary(place + 1) {
            continue;
        }
        for other in ["", " ", "0", "x"] {
            if &text[place..=place] == other {
                continue;
            }
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            assert!(Plan::from_text(&changed).is_err(), "byte {place} → {other:?}");
        }
    }
    assert!(Plan::from_text(&text[..text.len() - 1]).is_err());
    assert!(Plan::from_text(&format!("{text}\n")).is_err());
}

#[test]
fn another_schema_is_named() {
    let text = sample_plan().to_text().replace(SCHEMA, "quarterdeck.plan/9");
    assert_eq!(
        Plan::from_text(&text),
        Err(PlanError::Schema("quarterdeck.plan/9".to_owned()))
    );
}

#[test]
fn the_digest_covers_everything() {
    let plan = sample_plan();
    let value = serde_json::to_value(&plan).unwrap();
    let fields: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    for field in fields.iter().filter(|field| *field != "digest") {
        let mut changed = value.clone();
        changed[field] = json!({"changed": true});
        let original = canonical(&value);
        assert_ne!(canonical(&changed), original, "{field}");
    }
    let mut other = plan.clone();
    other.changes[0].after.insert("desired".to_owned(), json!(7));
    assert!(!other.is_sealed());
    assert_ne!(other.sealed().unwrap().digest, plan.digest);
}

#[test]
fn no_amount_is_zero_for_want_of_knowledge() {
    use crate::runbook::action::CostDelta;
    let mut changes = sample_plan().changes;
    changes[0].cost = CostDelta::None;
    changes[1].cost = CostDelta::Unknown("no price for x".to_owned());
    let cost = Cost::of(&changes);
    assert_eq!((cost.usd_per_hour, cost.usd_per_month), (None, None));
    assert_eq!(cost.unknown.len(), 1);
}

proptest! {
    #[test]
    fn canonical_json_does_not_depend_on_order(entries in prop::collection::btree_map("[a-z]{1,4}", 0_i64..100, 0..8)) {
        let forward = entries.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>();
        let backward = forward.iter().rev().cloned().collect::<Vec<_>>();
        let parse = |parts: Vec<String>| serde_json::from_str(&format!("{{{}}}", parts.join(","))).unwrap();
        prop_assert_eq!(canonical(&parse(forward)), canonical(&parse(backward)));
    }
}
