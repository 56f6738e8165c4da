//! `gpu.hot`, `gpu.throttled` and `gpu.ecc`: what a card says of itself.

use crate::domain::gpu::GpuCard;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::policy::Breach;
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::gpu::{self, Host, sight};
use crate::domain::rules::{Context, Reach, Rule, words};

/// A card is hot.
pub const HOT: Rule = Rule {
    id: "gpu.hot",
    kind: Kind::Gpu,
    title: "A GPU is hot",
    what: "The temperature of each card.",
    severities: &[
        (Severity::Crit, "at the critical temperature"),
        (Severity::Warn, "at the warning temperature"),
    ],
    thresholds: &["gpu_temp_c"],
    runbooks: &["drain-gpu-host"],
    reach: Reach::Scope,
    check: hot,
};

/// A card is held back.
pub const THROTTLED: Rule = Rule {
    id: "gpu.throttled",
    kind: Kind::Gpu,
    title: "A GPU is throttled by heat or power supply",
    what: "The reasons that a card gives for lower clocks, as far as they mean that something is wrong: \
           heat, and the brake of the power supply. The power cap under full load and the rest of an \
           idle card are normal.",
    severities: &[(Severity::Warn, "always")],
    thresholds: &[],
    runbooks: &["drain-gpu-host"],
    reach: Reach::Scope,
    check: throttled,
};

/// A card's memory is faulty.
pub const ECC: Rule = Rule {
    id: "gpu.ecc",
    kind: Kind::Gpu,
    title: "A GPU's memory is faulty",
    what: "Uncorrected memory errors since the driver was loaded, memory rows that wait to be remapped \
           or could not be, and what the driver asks for to recover a card.",
    severities: &[
        (
            Severity::Crit,
            "errors at the critical level, or the card has to be replaced",
        ),
        (
            Severity::Warn,
            "errors at the warning level, or the card has to be reset",
        ),
    ],
    thresholds: &["gpu_ecc_uncorrected"],
    runbooks: &["drain-gpu-host"],
    reach: Reach::Scope,
    check: ecc,
};

fn hot(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().gpu_temp_c;
    each(context, |host, card| {
        let (temperature, breach) = card.temp_c.and_then(|value| Some((value, limit.judge(value)?)))?;
        let (temperature, level) = (words::number(temperature), words::number(limit.level(breach)));
        Some(
            begin(&HOT, context, host, card)
                .because(format!(
                    "{} {} of {} is at {temperature} °C; the limit is {level} °C.",
                    sight::product(card),
                    card.index,
                    host.reading.instance_id
                ))
                .report(severity(breach), format!("{temperature} °C, limit {level}")),
        )
    })
    .for_each(|finding| findings.push(finding));
}

fn throttled(context: &Context<'_>, findings: &mut Vec<Finding>) {
    each(context, |host, card| {
        let reasons = sight::harmful_throttle(card)?;
        Some(
            begin(&THROTTLED, context, host, card)
                .because(format!(
                    "{} {} of {} runs slower than it should: {reasons}.",
                    sight::product(card),
                    card.index,
                    host.reading.instance_id
                ))
                .perhaps_because(
                    card.temp_c
                        .map(|temperature| format!("It is at {} °C.", words::number(temperature))),
                )
                .report(Severity::Warn, format!("throttled: {reasons}")),
        )
    })
    .for_each(|finding| findings.push(finding));
}

fn ecc(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().gpu_ecc_uncorrected;
    each(context, |host, card| {
        let errors = card.ecc_uncorrected.filter(|errors| *errors > 0);
        let by_errors = errors.and_then(|errors| limit.judge(errors as f64));
        let defect = sight::defect(card);
        let by_defect = defect
            .as_ref()
            .map(|(_, is_final)| if *is_final { Breach::Crit } else { Breach::Warn });
        let breach = by_errors.max(by_defect)?;
        let title = match (errors, &defect) {
            (_, Some((_, true))) => "has to be replaced".to_owned(),
            (Some(errors), _) => words::count(errors as usize, "uncorrected ECC error"),
            (None, _) => "has to be reset".to_owned(),
        };
        Some(
            begin(&ECC, context, host, card)
                .perhaps_because(errors.map(|errors| {
                    format!(
                        "{} {} of {} counts {} since its driver was loaded; the limit is {}.",
                        sight::product(card),
                        card.index,
                        host.reading.instance_id,
                        words::count(errors as usize, "uncorrected memory error"),
                        words::number(limit.level(breach))
                    )
                }))
                .perhaps_because(defect.map(|(sentence, _)| sentence))
                .report(severity(breach), title),
        )
    })
    .for_each(|finding| findings.push(finding));
}

/// What `find` says of each card of each host.
fn each<'a>(
    context: &Context<'a>,
    find: impl Fn(&Host<'a>, &'a GpuCard) -> Option<Finding>,
) -> impl Iterator<Item = Finding> {
    gpu::hosts(context).into_iter().flat_map(move |host| {
        host.reading
            .cards
            .iter()
            .filter_map(|card| find(&host, card))
            .collect::<Vec<_>>()
    })
}

fn begin(rule: &Rule, context: &Context<'_>, host: &Host<'_>, card: &GpuCard) -> Draft {
    let name = format!("{} #{}", host.name(), card.index);
    rule.on(context, &card.id(&host.reading.instance_id), &name)
        .hurts(Impact::Capacity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, at, gpu_row};

    fn bench(rows: &[String]) -> Bench {
        let mut bench = Bench::new();
        bench.gpu_host("i-7", "g5.12xlarge", rows);
        bench
    }

    #[test]
    fn a_hot_card_is_named_with_host_number_and_limit() {
        let findings = bench(&[gpu_row(0, 91.0, 0, "0x0"), gpu_row(1, 60.0, 0, "0x0")]).check(&HOT);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(
            (finding.name.as_str(), &*finding.resource.id),
            ("host-i-7 #0", "GPU-0")
        );
        assert_eq!(
            (finding.severity, finding.title.as_str()),
            (Severity::Crit, "91 °C, limit 90")
        );
        assert_eq!(
            finding.evidence,
            ["A10G 0 of i-7 is at 91 °C; the limit is 90 °C."]
        );
        assert_eq!(finding.runbooks, ["drain-gpu-host"]);
    }

    #[test]
    fn only_harmful_throttling_counts() {
        let findings = bench(&[gpu_row(0, 70.0, 0, "0x44"), gpu_row(1, 70.0, 0, "0x5")]).check(&THROTTLED);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "throttled: heat (hardware)");
        assert_eq!(
            findings[0].evidence,
            [
                "A10G 0 of i-7 runs slower than it should: heat (hardware).",
                "It is at 70 °C."
            ]
        );
    }

    #[test]
    fn memory_errors_are_counted() {
        let findings = bench(&[gpu_row(0, 60.0, 3, "0x0"), gpu_row(1, 60.0, 0, "0x0")]).check(&ECC);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "3 uncorrected ECC errors")
        );
        assert_eq!(
            findings[0].evidence,
            ["A10G 0 of i-7 counts 3 uncorrected memory errors since its driver was loaded; the limit is 1."]
        );
    }

    #[test]
    fn a_card_that_cannot_remap_is_critical() {
        let mut bench = bench(&[gpu_row(0, 60.0, 0, "0x0")]);
        let mut readings = bench.state().gpu.get().cloned().unwrap();
        readings[0].cards[0].remapped_rows_failure = Some(true);
        let now = bench.now;
        bench.state().gpu.value = Some((std::sync::Arc::new(readings), now));
        let findings = bench.check(&ECC);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "has to be replaced")
        );
    }

    #[test]
    fn well_cards_unknown_values_old_and_missing_readings_are_silent() {
        let well = bench(&[gpu_row(0, 60.0, 0, "0x4")]);
        let unknown = bench(&[
            "0, GPU-0, NVIDIA A10G, 535.1, [N/A], [N/A], 23028, [N/A], [N/A], 300, P0, 210, [N/A], [N/A]"
                .to_owned(),
        ]);
        let mut old = bench(&[gpu_row(0, 99.0, 99, "0x40")]);
        old.now = at(240);
        for rule in [&HOT, &THROTTLED, &ECC] {
            assert_eq!(well.check(rule), [], "{}", rule.id);
            assert_eq!(unknown.check(rule), [], "{}", rule.id);
            assert_eq!(old.check(rule), [], "{}", rule.id);
            assert_eq!(Bench::new().check(rule), [], "{}", rule.id);
        }
    }
}
