//! `ecs.running-below-desired`: fewer tasks than wanted.

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::{RolloutState, Service};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, ecs, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ecs.running-below-desired",
    kind: Kind::EcsService,
    title: "A service runs fewer tasks than desired",
    what: "Running against desired tasks of active services. How long is told from the deployment \
           under way, or else from the first event after the service last reached a steady state; \
           where neither is known, a shortage is a warning at once. A service without any running \
           task is critical as soon as a shortage would be a warning.",
    severities: &[
        (Severity::Crit, "for the critical time, or no task runs"),
        (Severity::Warn, "for the warning time, or for an unknown time"),
    ],
    thresholds: &["ecs_below_desired_min"],
    runbooks: &["rollback-deploy", "ecs-restart"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().ecs_below_desired_min;
    for (service, at) in ecs::services(context) {
        if service.running >= service.desired {
            continue;
        }
        let since = since(service);
        let missing_for = since.map(|since| at.duration_since(since));
        let breach = missing_for.map(|time| limit.judge(time.as_secs_f64() / 60.0));
        let severity = match breach {
            Some(None) => continue,
            _ if service.running == 0 => Severity::Crit,
            Some(Some(breach)) => severity(breach),
            None => Severity::Warn,
        };
        let lasting = missing_for.map(words::span);
        let impact = if service.running == 0 && !service.target_groups.is_empty() {
            Impact::Customer
        } else {
            Impact::Capacity
        };
        findings.push(
            RULE.on(context, &service.arn, &service.name)
                .hurts(impact)
                .since(since)
                .because(format!(
                    "{} of {} run{}, {} pending.",
                    service.running,
                    words::count(service.desired as usize, "task"),
                    lasting
                        .as_ref()
                        .map(|time| format!(" for {time}"))
                        .unwrap_or_default(),
                    service.pending
                ))
                .perhaps_because(newest_trouble(service, at))
                .report(
                    severity,
                    format!(
                        "{}/{} running{}",
                        service.running,
                        service.desired,
                        lasting.map(|time| format!(" for {time}")).unwrap_or_default()
                    ),
                ),
        );
    }
}

/// When the shortage began, as far as deployments and events tell.
fn since(service: &Service) -> Option<Timestamp> {
    let deploying = service
        .primary()
        .filter(|primary| {
            matches!(
                primary.rollout,
                Some(RolloutState::InProgress | RolloutState::Failed)
            )
        })
        .and_then(|primary| primary.created_at);
    deploying.or_else(|| ecs::events_since_steady(service).last().map(|event| event.at))
}

/// The newest thing that the service says is wrong, if it is no older than an hour.
fn newest_trouble(service: &Service, at: Timestamp) -> Option<String> {
    ecs::events_since_steady(service)
        .filter(|event| at.duration_since(event.at) <= SignedDuration::from_hours(1))
        .find(|event| {
            ["unable to", "failed", "is unhealthy"]
                .iter()
                .any(|word| event.message.contains(word))
        })
        .map(|event| format!("Its newest complaint: {}", words::excerpt(&event.message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, at, event, service};

    fn bench(change: impl FnOnce(&mut Service)) -> Bench {
        let mut bench = Bench::new();
        let mut short = service("api", 4);
        short.desired = 3;
        short.running = 2;
        short.pending = 1;
        change(&mut short);
        bench.services(vec![short]);
        bench
    }

    #[test]
    fn a_shortage_lasts_since_the_first_event_after_steady_state() {
        let findings = bench(|service| {
            service.events = vec![
                event(175, "(service api) was unable to place a task because no container instance met all of its requirements."),
                event(170, "(service api) has stopped 1 running tasks: (task 1f)."),
                event(100, "(service api) has reached a steady state."),
            ];
        })
        .check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(
            (finding.severity, finding.impact),
            (Severity::Crit, Impact::Capacity)
        );
        assert_eq!(finding.title, "2/3 running for 10m");
        assert_eq!(finding.since, Some(at(170)));
        assert_eq!(
            finding.evidence,
            [
                "2 of 3 tasks run for 10m, 1 pending.",
                "Its newest complaint: (service api) was unable to place a task because no container instance met all of its requirements.",
            ]
        );
    }

    #[test]
    fn a_shortage_of_unknown_length_is_a_warning() {
        let findings = bench(|_| ()).check(&RULE);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(findings[0].title, "2/3 running");
        assert_eq!(findings[0].since, None);
    }

    #[test]
    fn no_task_at_all_is_critical_and_hurts_customers() {
        let findings = bench(|service| {
            service.running = 0;
            service.target_groups = vec!["arn".to_owned()];
        })
        .check(&RULE);
        assert_eq!(
            (findings[0].severity, findings[0].impact),
            (Severity::Crit, Impact::Customer)
        );
    }

    #[test]
    fn a_young_shortage_a_full_service_and_an_unread_one_are_silent() {
        let young = bench(|service| {
            service.events = vec![event(179, "(service api) has started 1 tasks: (task 1f).")];
        });
        assert_eq!(young.check(&RULE), []);
        assert_eq!(bench(|service| service.running = 3).check(&RULE), []);
        assert_eq!(
            bench(|service| service.status = "DRAINING".to_owned()).check(&RULE),
            []
        );
        assert_eq!(Bench::new().check(&RULE), []);
    }

    #[test]
    fn time_stands_still_while_nothing_is_read() {
        let mut bench = bench(|service| {
            service.events = vec![event(179, "(service api) has started 1 tasks: (task 1f).")];
        });
        bench.now = at(400);
        assert_eq!(bench.check(&RULE), []);
    }
}
