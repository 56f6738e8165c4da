//! CloudWatch alarms: those that fire, those that nobody would hear, those that see nothing.

use std::collections::HashSet;

use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// An alarm fires.
pub const FIRING: Rule = Rule {
    id: "alarm.firing",
    kind: Kind::Alarm,
    title: "An alarm fires",
    what: "Alarms in the state ALARM. Alarms that only move a scaling policy are left out: that one of \
           them fires is how target tracking works.",
    severities: &[(Severity::Warn, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: firing,
};

/// Nobody would hear an alarm.
pub const WITHOUT_ACTION: Rule = Rule {
    id: "alarm.without-action",
    kind: Kind::Alarm,
    title: "An alarm tells nobody",
    what: "Alarms without an action on ALARM, or whose actions are switched off. Alarms that a composite \
           alarm watches are left out.",
    severities: &[
        (Severity::Warn, "it fires now"),
        (Severity::Info, "it does not fire"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: without_action,
};

/// An alarm sees nothing.
pub const INSUFFICIENT_DATA: Rule = Rule {
    id: "alarm.insufficient-data",
    kind: Kind::Alarm,
    title: "An alarm sees nothing",
    what: "Alarms in the state INSUFFICIENT_DATA: what they watch is gone, or publishes nothing. Alarms \
           that only move a scaling policy are left out.",
    severities: &[(Severity::Info, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: insufficient_data,
};

fn alarms<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Alarm> {
    context.state.alarms.get().into_iter().flatten()
}

fn firing(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for alarm in alarms(context) {
        if alarm.state == AlarmState::Alarm && !only_scales(alarm) {
            findings.push(
                FIRING
                    .on(context, &alarm.arn, &alarm.name)
                    .hurts(impact(alarm))
                    .since(alarm.since)
                    .because(match &alarm.reason {
                        Some(reason) => words::excerpt(reason),
                        None => "CloudWatch gives no reason.".to_owned(),
                    })
                    .perhaps_because(watches(alarm))
                    .perhaps_because(
                        alarm
                            .description
                            .as_deref()
                            .filter(|description| !description.is_empty() && *description != alarm.name)
                            .map(words::excerpt),
                    )
                    .report(Severity::Warn, title(alarm)),
            );
        }
    }
}

fn without_action(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let heard: HashSet<&str> = alarms(context)
        .filter_map(|alarm| alarm.composite_rule.as_deref())
        .flat_map(named_in)
        .collect();
    for alarm in alarms(context) {
        let why = match (alarm.alarm_actions.is_empty(), alarm.actions_enabled) {
            (true, _) => "It has no action on ALARM: nobody is told.",
            (false, false) => "Its actions are switched off: nobody is told.",
            (false, true) => continue,
        };
        if heard.contains(alarm.name.as_str()) || heard.contains(alarm.arn.as_str()) {
            continue;
        }
        let severity = match alarm.state {
            AlarmState::Alarm => Severity::Warn,
            AlarmState::Ok | AlarmState::InsufficientData => Severity::Info,
        };
        findings.push(
            WITHOUT_ACTION
                .on(context, &alarm.arn, &alarm.name)
                .because(why)
                .report(
                    severity,
                    if alarm.alarm_actions.is_empty() {
                        "no action"
                    } else {
                        "actions switched off"
                    },
                ),
        );
    }
}

fn insufficient_data(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for alarm in alarms(context) {
        if alarm.state == AlarmState::InsufficientData && !only_scales(alarm) {
            findings.push(
                INSUFFICIENT_DATA
                    .on(context, &alarm.arn, &alarm.name)
                    .since(alarm.since)
                    .because(match &alarm.reason {
                        Some(reason) => words::excerpt(reason),
                        None => "CloudWatch gives no reason.".to_owned(),
                    })
                    .perhaps_because(watches(alarm))
                    .report(Severity::Info, "insufficient data"),
            );
        }
    }
}

/// How many characters of a metric's name a row has.
const NAME: usize = 20;

/// What the alarm watches, as its row says it.
fn title(alarm: &Alarm) -> String {
    match &alarm.metric {
        Some(metric) => match metric.threshold {
            // The name gives way, so that a row keeps the number.
            Some(threshold) => format!(
                "{} {} {}",
                words::short(&metric.name, NAME),
                sign(&metric.comparison),
                if metric.is_in_bytes() {
                    words::bytes(threshold)
                } else {
                    words::number(threshold)
                }
            ),
            None => words::excerpt(&metric.name),
        },
        None if alarm.composite_rule.is_some() => "composite alarm fires".to_owned(),
        None => "fires".to_owned(),
    }
}

fn sign(comparison: &str) -> &'static str {
    match comparison {
        "GreaterThanThreshold" | "GreaterThanUpperThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" | "LessThanLowerThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        _ => "beyond",
    }
}

fn watches(alarm: &Alarm) -> Option<String> {
    if let Some(metric) = &alarm.metric {
        let dimensions: Vec<String> = metric
            .dimensions
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let of = if dimensions.is_empty() {
            String::new()
        } else {
            format!(" of {}", words::excerpt(&dimensions.join(", ")))
        };
        return Some(format!("It watches {} {}{of}.", metric.namespace, metric.name));
    }
    let rule = alarm.composite_rule.as_ref()?;
    Some(format!("It watches {}.", words::excerpt(rule)))
}

/// Whether all that it does is to move a scaling policy.
fn only_scales(alarm: &Alarm) -> bool {
    !alarm.alarm_actions.is_empty()
        && alarm
            .alarm_actions
            .iter()
            .all(|action| action.contains(":autoscaling:") || action.contains(":application-autoscaling:"))
}

/// Whom it hurts, by what the alarm watches.
fn impact(alarm: &Alarm) -> Impact {
    match alarm.metric.as_ref().map(|metric| metric.namespace.as_str()) {
        Some("AWS/ApplicationELB" | "AWS/NetworkELB" | "AWS/ELB" | "AWS/ApiGateway" | "AWS/CloudFront") => {
            Impact::Customer
        }
        Some("AWS/Billing") => Impact::Cost,
        Some("AWS/ECS" | "AWS/EC2" | "AWS/RDS" | "AWS/ElastiCache" | "AWS/SQS" | "AWS/Lambda") => {
            Impact::Capacity
        }
        Some(_) | None => Impact::Risk,
    }
}

/// Names of the alarms in a composite alarm's rule: `ALARM("a") OR ALARM(b)`.
fn named_in(rule: &str) -> impl Iterator<Item = &str> {
    rule.split('(').skip(1).filter_map(|rest| {
        let inside = rest.split(')').next()?.trim();
        let name = inside.trim_matches(|c| c == '"' || c == '\'');
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alarm::AlarmMetric;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    fn alarm(name: &str, state: AlarmState) -> Alarm {
        Alarm {
            arn: arn("cloudwatch", &format!("alarm:{name}")),
            name: name.to_owned(),
            description: None,
            state,
            reason: Some("Threshold Crossed: 5 datapoints [88.0] > 85.0".to_owned()),
            since: Some(at(170)),
            actions_enabled: true,
            alarm_actions: vec![arn("sns", "ops-alerts")],
            metric: Some(AlarmMetric {
                namespace: "AWS/RDS".to_owned(),
                name: "CPUUtilization".to_owned(),
                dimensions: vec![("DBInstanceIdentifier".to_owned(), "shop-db".to_owned())],
                comparison: "GreaterThanThreshold".to_owned(),
                threshold: Some(85.0),
                period_s: Some(60),
                statistic: None,
                periods: None,
                datapoints: None,
            }),
            composite_rule: None,
        }
    }

    fn bench(alarms: Vec<Alarm>) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Alarms, ReplyData::Alarms(alarms));
        bench
    }

    #[test]
    fn a_firing_alarm_says_what_it_watches_and_since_when() {
        let findings = bench(vec![alarm("P1-rds-cpu", AlarmState::Alarm)]).check(&FIRING);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "CPUUtilization > 85");
        assert_eq!(
            (findings[0].severity, findings[0].since),
            (Severity::Warn, Some(at(170)))
        );
        assert_eq!(
            findings[0].evidence,
            [
                "Threshold Crossed: 5 datapoints [88.0] > 85.0",
                "It watches AWS/RDS CPUUtilization of DBInstanceIdentifier shop-db.",
            ]
        );
    }

    #[test]
    fn a_row_keeps_the_number_and_says_bytes_as_people_do() {
        let of = |name: &str, threshold| {
            let mut firing = alarm("P1", AlarmState::Alarm);
            let metric = firing.metric.as_mut().unwrap();
            metric.name = name.to_owned();
            metric.threshold = Some(threshold);
            bench(vec![firing]).check(&FIRING).remove(0).title
        };
        assert_eq!(
            of("FreeStorageSpace", 10_737_418_240.0),
            "FreeStorageSpace > 10 GiB"
        );
        assert_eq!(
            of("ApproximateNumberOfMessagesVisible", 10.0),
            "ApproximateNumberOf… > 10"
        );
    }

    #[test]
    fn alarms_of_load_balancers_rank_as_customer_impact() {
        let mut errors = alarm("5xx", AlarmState::Alarm);
        errors.metric.as_mut().unwrap().namespace = "AWS/ApplicationELB".to_owned();
        assert_eq!(bench(vec![errors]).check(&FIRING)[0].impact, Impact::Customer);
    }

    #[test]
    fn alarms_that_scale_quiet_alarms_and_unread_ones_are_silent() {
        let mut scales = alarm("TargetTracking-AlarmLow", AlarmState::Alarm);
        scales.alarm_actions = vec![arn(
            "autoscaling",
            "scalingPolicy:1f:autoScalingGroupName/workers",
        )];
        let bench = bench(vec![scales, alarm("calm", AlarmState::Ok)]);
        for rule in [&FIRING, &WITHOUT_ACTION, &INSUFFICIENT_DATA] {
            assert_eq!(bench.check(rule), [], "{}", rule.id);
            assert_eq!(Bench::new().check(rule), [], "{}", rule.id);
        }
    }

    #[test]
    fn an_alarm_that_tells_nobody_is_named_unless_a_composite_watches_it() {
        let mut mute = alarm("mute", AlarmState::Alarm);
        mute.alarm_actions.clear();
        let mut off = alarm("off", AlarmState::Ok);
        off.actions_enabled = false;
        let mut child = alarm("child", AlarmState::Ok);
        child.alarm_actions.clear();
        let mut parent = alarm("parent", AlarmState::Ok);
        parent.metric = None;
        parent.composite_rule = Some("ALARM(\"child\") OR ALARM(other)".to_owned());
        let findings = bench(vec![mute, off, child, parent]).check(&WITHOUT_ACTION);
        let told: Vec<_> = findings
            .iter()
            .map(|finding| (finding.name.as_str(), finding.severity, finding.title.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("mute", Severity::Warn, "no action"),
                ("off", Severity::Info, "actions switched off"),
            ]
        );
        assert_eq!(
            findings[0].evidence,
            ["It has no action on ALARM: nobody is told."]
        );
    }

    #[test]
    fn an_alarm_that_sees_nothing_is_good_to_know() {
        let findings = bench(vec![alarm("blind", AlarmState::InsufficientData)]).check(&INSUFFICIENT_DATA);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Info);
    }
}
