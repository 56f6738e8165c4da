//! `rds.connections`: how near the connections are to what the instance allows.

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::domain::datastore::DbInstance;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::rds as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::rds::formula::{Variables, evaluate};
use crate::domain::rules::rds::{self, class_memory};
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::BYTES_PER_GIB;

/// The rule.
pub const RULE: Rule = Rule {
    id: "rds.connections",
    kind: Kind::RdsInstance,
    title: "Connections are nearly used up",
    what: "Connections of an instance, mean of the newest five minutes, as a share of \
           `max_connections`: the number in its parameter group, or the group's formula with the \
           memory of the class, or else the engine's default formula. RDS keeps some of the class's \
           memory for itself and does not say how much, so a formula's value is an estimate. Not judged \
           where class or formula are not known.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["rds_connections_percent"],
    runbooks: &["rds-reboot-failover"],
    reach: Reach::Scope,
    check,
};

/// The most connections that an instance takes.
#[derive(Debug, Clone, PartialEq)]
pub struct MostConnections {
    /// How many.
    pub connections: f64,
    /// Whether it is a plain number and not an estimate from a formula.
    pub is_exact: bool,
    /// Where it comes from: `set to 200 in app-params`; safe for a terminal.
    pub source: String,
}

impl MostConnections {
    /// The number: `about 225` of a formula.
    pub fn words(&self) -> String {
        let about = if self.is_exact { "" } else { "about " };
        format!("{about}{}", words::number(self.connections.floor()))
    }
}

/// The most connections that an instance takes, where class and setting are known.
pub fn most_connections(state: &ScopeState, db: &DbInstance) -> Option<MostConnections> {
    let limits = state.connection_limits.get().into_iter().flatten();
    let settings = limits.map(|limit| (limit.parameter_group.as_str(), limit.max_connections.as_deref()));
    most(db, &settings.collect()).filter(|most| most.connections >= 1.0)
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let settings: HashMap<&str, Option<&str>> = context
        .state
        .connection_limits
        .get()
        .into_iter()
        .flatten()
        .map(|limit| (limit.parameter_group.as_str(), limit.max_connections.as_deref()))
        .collect();
    let limit = context.limits().rds_connections_percent;
    for db in rds::serving(context) {
        let Some(measured) = context.metric(metric::CONNECTIONS.of(&db.name)) else {
            continue;
        };
        let Some(connections) = measured.mean(SignedDuration::from_mins(5)) else {
            continue;
        };
        let Some(most) = most(db, &settings).filter(|most| most.connections >= 1.0) else {
            continue;
        };
        let share = connections / most.connections * 100.0;
        if let Some(breach) = limit.judge(share) {
            let many = most.words();
            findings.push(
                RULE.on(context, &db.arn, &db.name)
                    .hurts(Impact::Capacity)
                    .since(measured.since(|value| limit.judge(value / most.connections * 100.0).is_some()))
                    .because(format!(
                        "{} connections, mean of five minutes, are {} of {many}; the limit is {}.",
                        words::number(connections.round()),
                        words::percent(share),
                        words::percent(limit.level(breach))
                    ))
                    .because(format!("max_connections is {}.", most.source))
                    .report(
                        severity(breach),
                        format!("connections {} of {many}", words::percent(share)),
                    ),
            );
        }
    }
}

fn most(db: &DbInstance, settings: &HashMap<&str, Option<&str>>) -> Option<MostConnections> {
    let group = db.parameter_group.as_ref().map(|(name, _)| name.as_str());
    let written = group.and_then(|group| settings.get(group).copied().flatten());
    if let Some(number) = written.and_then(|written| written.trim().parse::<u32>().ok()) {
        return Some(MostConnections {
            connections: f64::from(number),
            is_exact: true,
            source: format!("set to {number} in {}", group.unwrap_or("its parameter group")),
        });
    }
    let variables = Variables {
        memory_bytes: usable_memory_bytes(class_memory::gib(&db.class)?),
        storage_bytes: db.storage_gib.map(|gib| f64::from(gib) * BYTES_PER_GIB),
    };
    let (formula, whose) = match written {
        Some(written) => (written, "by the parameter group"),
        None => (default_formula(&db.engine)?, "by default"),
    };
    Some(MostConnections {
        connections: evaluate(formula, &variables)?,
        is_exact: false,
        source: format!("{} {whose}, on {}", words::excerpt(formula), db.class),
    })
}

/// `DBInstanceClassMemory` is what is left of the class's memory for the engine. What RDS keeps for
/// itself is not documented; small classes are seen to lose about a quarter, larger ones a tenth.
fn usable_memory_bytes(class_gib: f64) -> f64 {
    class_gib * BYTES_PER_GIB * 0.95 - 200.0 * 1_048_576.0
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>
fn default_formula(engine: &str) -> Option<&'static str> {
    match engine {
        "postgres" | "aurora-postgresql" => Some("LEAST({DBInstanceClassMemory/9531392},5000)"),
        "mysql" | "mariadb" => Some("{DBInstanceClassMemory/12582880}"),
        "aurora-mysql" => Some(
            "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datastore::ConnectionLimit;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, db};

    fn bench(connections: f64, change: impl FnOnce(&mut DbInstance), setting: Option<&str>) -> Bench {
        let mut db = db("shop-db");
        change(&mut db);
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench.know(
            Source::ConnectionLimits,
            ReplyData::ConnectionLimits(vec![ConnectionLimit {
                parameter_group: "default.postgres16".to_owned(),
                max_connections: setting.map(str::to_owned),
            }]),
        );
        bench.steady(metric::CONNECTIONS.of("shop-db"), connections);
        bench
    }

    #[test]
    fn a_plain_number_is_exact() {
        let findings = bench(93.0, |_| (), Some("100")).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "connections 93% of 100");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Crit, None));
        assert_eq!(
            findings[0].evidence,
            [
                "93 connections, mean of five minutes, are 93% of 100; the limit is 90%.",
                "max_connections is set to 100 in default.postgres16.",
            ]
        );
    }

    #[test]
    fn a_formula_is_an_estimate_with_the_classs_memory() {
        let findings = bench(350.0, |_| (), Some("LEAST({DBInstanceClassMemory/9531392},5000)")).check(&RULE);
        assert_eq!(findings[0].title, "connections 86.2% of about 406");
        assert_eq!(findings[0].severity, Severity::Warn);
        let by_default = bench(350.0, |_| (), None).check(&RULE);
        assert_eq!(
            by_default[0].evidence[1],
            "max_connections is LEAST({DBInstanceClassMemory/9531392},5000) by default, on db.t4g.medium."
        );
    }

    #[test]
    fn few_connections_are_silent() {
        assert_eq!(bench(40.0, |_| (), Some("100")).check(&RULE), []);
    }

    #[test]
    fn an_unknown_class_engine_formula_or_count_is_silent() {
        assert_eq!(
            bench(9999.0, |db| db.class = "db.serverless".to_owned(), None).check(&RULE),
            []
        );
        assert_eq!(
            bench(9999.0, |db| db.engine = "oracle-ee".to_owned(), None).check(&RULE),
            []
        );
        assert_eq!(
            bench(9999.0, |_| (), Some("{DBInstanceVCPU*100}")).check(&RULE),
            []
        );
        let mut unread = Bench::new();
        unread.know(Source::DbInstances, ReplyData::DbInstances(vec![db("shop-db")]));
        assert_eq!(unread.check(&RULE), []);
    }
}
