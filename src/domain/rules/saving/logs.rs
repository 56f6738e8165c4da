//! `saving.log-retention`: logs that are kept for ever.

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::price::{PriceTable, Unit};
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.log-retention",
    kind: Kind::LogGroup,
    title: "Logs are kept for ever",
    what: "Log groups without a retention, and what a month of what they keep costs: the most that can be \
           saved now, and more each month. Taking logs in costs far more than keeping them: that is \
           `saving.log-ingestion`.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let price = PriceTable::shipped().unit(&context.state.scope.region, Unit::LogsStoredGbMonth);
    for group in context.state.log_groups.get().into_iter().flatten() {
        let (None, Some(stored)) = (group.retention_days, group.stored_bytes) else {
            continue;
        };
        let month = price.as_ref().map(|price| price.value.scale(stored, 1 << 30));
        let draft = RULE.on(context, &group.arn, &group.name).because(format!(
            "{} are kept and nothing is ever deleted{}.",
            words::bytes(stored as f64),
            price
                .as_ref()
                .map(|price| format!("; a GB costs {} a month", price.value))
                .unwrap_or_default()
        ));
        findings.extend(report(context, draft, month, "at most, with a retention"));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::logs::LogGroup;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn};

    fn group(name: &str, retention_days: Option<u32>, gib: u64) -> LogGroup {
        LogGroup {
            arn: arn("logs", &format!("log-group:{name}")),
            name: name.to_owned(),
            retention_days,
            stored_bytes: Some(gib << 30),
            class: None,
            created_at: None,
        }
    }

    #[test]
    fn only_what_is_kept_for_ever_and_worth_a_dollar() {
        let mut bench = Bench::new();
        bench.know(
            Source::LogGroups,
            ReplyData::LogGroups(vec![
                group("/kept", None, 100),
                group("/short", Some(7), 100),
                group("/small", None, 1),
            ]),
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "$3.14 a month: at most, with a retention");
        assert_eq!(
            findings[0].evidence[0],
            "100 GiB are kept and nothing is ever deleted; a GB costs $0.031 a month."
        );
    }
}
