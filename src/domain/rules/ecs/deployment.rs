//! `ecs.deployment-failing`, `ecs.deployment-stuck` and `ecs.deployment-rolled-back`: one deployment
//! has at most one of them.

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::{Deployment, RolloutState, Service};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::{Context, Reach, Rule, ecs, words};

/// Tasks of a new revision fail.
pub const FAILING: Rule = Rule {
    id: "ecs.deployment-failing",
    kind: Kind::EcsService,
    title: "Tasks of a new revision fail",
    what: "The deployment that should win has tasks that failed in a row, or the circuit breaker gave \
           it up without going back. A deployment that is also stuck is named as stuck.",
    severities: &[
        (Severity::Crit, "given up, or failed tasks at the critical level"),
        (Severity::Warn, "failed tasks at the warning level"),
    ],
    thresholds: &["ecs_failed_tasks"],
    runbooks: &["rollback-deploy"],
    reach: Reach::Scope,
    check: failing,
};

/// A deployment does not end.
pub const STUCK: Rule = Rule {
    id: "ecs.deployment-stuck",
    kind: Kind::EcsService,
    title: "A deployment does not end",
    what: "The deployment that should win is still under way after too long. Without a circuit \
           breaker ECS tries for ever. Deployments that CodeDeploy or a third party moves along, and \
           the waiting times of blue/green, linear and canary deployments, are not judged.",
    severities: &[
        (
            Severity::Crit,
            "at the critical age, or at the warning age with failed tasks at the critical level",
        ),
        (Severity::Warn, "at the warning age"),
    ],
    thresholds: &["ecs_deployment_stuck_min", "ecs_failed_tasks"],
    runbooks: &["rollback-deploy"],
    reach: Reach::Scope,
    check: stuck,
};

/// A deployment was taken back.
pub const ROLLED_BACK: Rule = Rule {
    id: "ecs.deployment-rolled-back",
    kind: Kind::EcsService,
    title: "A deployment was taken back",
    what: "ECS went back to the revision before, within the last day: by what the deployments and \
           events of the service say, and by its deployment history where that was read. A rollback \
           that failed itself is critical.",
    severities: &[
        (Severity::Crit, "the rollback failed"),
        (Severity::Warn, "the rollback is under way or done"),
    ],
    thresholds: &[],
    runbooks: &["rollback-deploy"],
    reach: Reach::Scope,
    check: rolled_back,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What is wrong with the deployment that should win.
enum Trouble<'a> {
    Failing(&'a Deployment),
    Stuck(&'a Deployment, SignedDuration),
    RolledBack(Rollback),
}

/// A rollback that the service, its events or its history tell of.
struct Rollback {
    /// The revision that was taken back, if it is named.
    from: Option<String>,
    /// The revision that runs again, if it is named.
    to: Option<String>,
    at: Option<Timestamp>,
    failed: bool,
    said: Option<String>,
}

fn failing(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (service, at) in ecs::services(context) {
        if let Some(Trouble::Failing(deployment)) = trouble(context, service, at) {
            let given_up = deployment.rollout == Some(RolloutState::Failed);
            let breach = failed_tasks(context, deployment);
            let severity = match breach {
                _ if given_up => Severity::Crit,
                Some(breach) => severity(breach),
                None => continue,
            };
            let revision = words::revision(&deployment.task_definition);
            let failed = match deployment.failed {
                0 => String::new(),
                failed => format!(", {failed} failed tasks"),
            };
            let title = if given_up {
                format!("{revision} given up{failed}")
            } else {
                format!("{revision} failing{failed}")
            };
            let draft = FAILING
                .on(context, &service.arn, &service.name)
                .since(deployment.created_at);
            findings.push(describe(draft, context, service, deployment).report(severity, title));
        }
    }
}

fn stuck(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (service, at) in ecs::services(context) {
        if let Some(Trouble::Stuck(deployment, age)) = trouble(context, service, at) {
            let by_age = context
                .limits()
                .ecs_deployment_stuck_min
                .judge(age.as_secs_f64() / 60.0);
            let Some(breach) = by_age.max(failed_tasks(context, deployment)) else {
                continue;
            };
            let title = format!(
                "{} stuck {}{}",
                words::revision(&deployment.task_definition),
                words::span(age),
                match deployment.failed {
                    0 => String::new(),
                    failed => format!(", {failed} failed tasks"),
                }
            );
            let draft = STUCK
                .on(context, &service.arn, &service.name)
                .since(deployment.created_at)
                .because(format!(
                    "The deployment of {} has been under way for {}; the limit is {} minutes.",
                    deployment.task_definition,
                    words::span(age),
                    words::number(context.limits().ecs_deployment_stuck_min.warn)
                ));
            findings.push(describe(draft, context, service, deployment).report(severity(breach), title));
        }
    }
}

fn rolled_back(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (service, at) in ecs::services(context) {
        if let Some(Trouble::RolledBack(rollback)) = trouble(context, service, at) {
            let from = rollback.from.as_deref().map(words::revision);
            let to = rollback.to.as_deref().map(words::revision);
            let verb = if rollback.failed {
                "rollback failed"
            } else {
                "rolled back"
            };
            let title = match (&from, &to) {
                (Some(from), Some(to)) if from != to => format!("{from} {verb}, now {to}"),
                (Some(from), _) => format!("{from} {verb}"),
                (None, Some(to)) => format!("{verb} to {to}"),
                (None, None) => verb.to_owned(),
            };
            let when = rollback
                .at
                .map(|at| format!(" at {}", words::moment(at, context.zone())))
                .unwrap_or_default();
            findings.push(
                ROLLED_BACK
                    .on(context, &service.arn, &service.name)
                    .since(rollback.at)
                    .because(match (&rollback.from, &rollback.to) {
                        (Some(from), Some(to)) => {
                            format!("{from} was taken back{when}; {to} is wanted again.")
                        }
                        (Some(from), None) => format!("{from} was taken back{when}."),
                        (None, Some(to)) => {
                            format!("A deployment was taken back{when}; {to} is wanted again.")
                        }
                        (None, None) => format!("A deployment was taken back{when}."),
                    })
                    .perhaps_because(
                        rollback
                            .said
                            .map(|said| format!("ECS says: {}", words::excerpt(&said))),
                    )
                    .report(
                        if rollback.failed {
                            Severity::Crit
                        } else {
                            Severity::Warn
                        },
                        title,
                    ),
            );
        }
    }
}

fn describe(draft: Draft, context: &Context<'_>, service: &Service, deployment: &Deployment) -> Draft {
    let breaker = match service.circuit_breaker {
        Some(breaker) if breaker.enabled && breaker.rollback => None,
        Some(breaker) if breaker.enabled => {
            Some("The circuit breaker stops a failing deployment but does not go back.")
        }
        Some(_) => Some("Without a circuit breaker ECS tries for ever."),
        None => None,
    };
    let hurts = if service.running == 0 && service.desired > 0 && !service.target_groups.is_empty() {
        Impact::Customer
    } else {
        Impact::Capacity
    };
    draft
        .hurts(hurts)
        .because(format!(
            "{} of {} of {} run, {} failed in a row; {}",
            deployment.running,
            words::count(deployment.desired as usize, "task"),
            deployment.task_definition,
            deployment.failed,
            if deployment.rollout == Some(RolloutState::Failed) {
                "ECS has given the rollout up (FAILED), which is critical with any number of them.".to_owned()
            } else {
                format!(
                    "a warning begins at {}, critical is {}.",
                    words::number(context.limits().ecs_failed_tasks.warn),
                    words::number(context.limits().ecs_failed_tasks.crit),
                )
            }
        ))
        .perhaps_because(
            deployment
                .rollout_reason
                .as_ref()
                .map(|reason| format!("ECS says: {}", words::excerpt(reason))),
        )
        .perhaps_because(breaker.map(str::to_owned))
}

fn failed_tasks(context: &Context<'_>, deployment: &Deployment) -> Option<crate::domain::policy::Breach> {
    context
        .limits()
        .ecs_failed_tasks
        .judge(f64::from(deployment.failed))
}

fn trouble<'a>(context: &Context<'_>, service: &'a Service, at: Timestamp) -> Option<Trouble<'a>> {
    if let Some(rollback) = rollback(context, service, at) {
        return Some(Trouble::RolledBack(rollback));
    }
    let primary = service.primary()?;
    if primary.rollout == Some(RolloutState::Failed) {
        return Some(Trouble::Failing(primary));
    }
    let age = primary.created_at.map(|created| at.duration_since(created));
    let rolls = primary.rollout == Some(RolloutState::InProgress)
        && service
            .strategy
            .as_deref()
            .is_none_or(|strategy| strategy == "ROLLING");
    match age {
        Some(age)
            if rolls
                && context
                    .limits()
                    .ecs_deployment_stuck_min
                    .judge(age.as_secs_f64() / 60.0)
                    .is_some() =>
        {
            Some(Trouble::Stuck(primary, age))
        }
        Some(_) | None => {
            Some(Trouble::Failing(primary)).filter(|_| primary.rollout != Some(RolloutState::Completed))
        }
    }
}

/// The newest rollback of the last day, unless a deployment has begun since.
fn rollback(context: &Context<'_>, service: &Service, at: Timestamp) -> Option<Rollback> {
    let primary = service.primary();
    let is_new = |when: Option<Timestamp>| when.is_none_or(|when| at.duration_since(when) <= DAY);
    let by_primary = primary
        .filter(|primary| {
            primary
                .rollout_reason
                .as_deref()
                .is_some_and(|reason| reason.contains("rolling back") || reason.contains("rolled back"))
        })
        .filter(|primary| is_new(primary.created_at))
        .map(|primary| Rollback {
            from: service
                .deployments
                .iter()
                .find(|other| other.rollout == Some(RolloutState::Failed))
                .map(|other| other.task_definition.clone()),
            to: Some(primary.task_definition.clone()),
            at: primary.created_at,
            failed: false,
            said: primary.rollout_reason.clone(),
        });
    let by_history = || {
        let history = context.state.deployments.get(&service.arn)?.get()?;
        let newest = history.iter().max_by_key(|entry| entry.started_at)?;
        let failed = newest.status == "ROLLBACK_FAILED";
        if !newest.status.starts_with("ROLLBACK_") || !is_new(newest.finished_at.or(newest.started_at)) {
            return None;
        }
        Some(Rollback {
            from: newest
                .target
                .as_ref()
                .and_then(|target| target.task_definition.clone()),
            to: primary.map(|primary| primary.task_definition.clone()),
            at: newest.finished_at.or(newest.started_at),
            failed,
            said: newest.status_reason.clone(),
        })
    };
    let by_event = || {
        let event = service
            .events
            .iter()
            .find(|event| event.message.contains("rolling back to"))?;
        // A later deployment is not the rollback; the rollback itself begins with the event.
        let later = primary
            .and_then(|primary| primary.created_at)
            .is_some_and(|created| created.duration_since(event.at) > SignedDuration::from_mins(1));
        (is_new(Some(event.at)) && !later).then(|| Rollback {
            from: None,
            to: primary.map(|primary| primary.task_definition.clone()),
            at: Some(event.at),
            failed: false,
            said: Some(event.message.clone()),
        })
    };
    by_primary.or_else(by_history).or_else(by_event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::{CircuitBreaker, DeploymentRole, ServiceDeployment, ServiceRevision};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, deployment, event, service};

    /// Revision 4 is being rolled out since that minute and that many of its tasks failed.
    fn rolling(since: i64, failed: u32) -> Service {
        let mut service = service("invokeai-api", 3);
        service.deployments[0].role = DeploymentRole::Active;
        let mut primary = deployment("invokeai-api", 4, since);
        primary.rollout = Some(RolloutState::InProgress);
        primary.rollout_reason = Some("ECS deployment ecs-svc/4 in progress.".to_owned());
        primary.running = 0;
        primary.failed = failed;
        service.deployments.insert(0, primary);
        service
    }

    fn check(service: Service, rule: &Rule) -> Vec<Finding> {
        Bench::new().services(vec![service]).check(rule)
    }

    #[test]
    fn a_deployment_that_does_not_end_is_stuck_and_nothing_else() {
        let service = rolling(166, 9);
        assert_eq!(check(service.clone(), &FAILING), []);
        assert_eq!(check(service.clone(), &ROLLED_BACK), []);
        let findings = check(service, &STUCK);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "rev 4 stuck 14m, 9 failed tasks");
        assert_eq!((finding.severity, finding.since), (Severity::Crit, Some(at(166))));
        assert_eq!(
            finding.evidence,
            [
                "The deployment of invokeai-api:4 has been under way for 14m; the limit is 10 minutes.",
                "0 of 2 tasks of invokeai-api:4 run, 9 failed in a row; a warning begins at 2, critical is 5.",
                "ECS says: ECS deployment ecs-svc/4 in progress.",
                "Without a circuit breaker ECS tries for ever.",
            ]
        );
        assert_eq!(finding.runbooks, ["rollback-deploy"]);
        let slow = check(rolling(166, 0), &STUCK);
        assert_eq!(
            (slow[0].severity, slow[0].title.as_str()),
            (Severity::Warn, "rev 4 stuck 14m")
        );
    }

    #[test]
    fn a_young_deployment_with_failed_tasks_is_failing() {
        let service = rolling(176, 3);
        assert_eq!(check(service.clone(), &STUCK), []);
        let findings = check(service, &FAILING);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "rev 4 failing, 3 failed tasks");
        assert_eq!(findings[0].severity, Severity::Warn);
    }

    #[test]
    fn a_deployment_that_the_breaker_gave_up_is_critical() {
        let mut service = rolling(100, 0);
        service.circuit_breaker = Some(CircuitBreaker {
            enabled: true,
            rollback: false,
        });
        service.deployments[0].rollout = Some(RolloutState::Failed);
        service.deployments[0].rollout_reason =
            Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
        assert_eq!(check(service.clone(), &STUCK), []);
        let findings = check(service, &FAILING);
        assert_eq!(findings[0].title, "rev 4 given up");
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(
            findings[0].evidence[2],
            "The circuit breaker stops a failing deployment but does not go back."
        );
    }

    #[test]
    fn a_rollback_is_told_from_the_primary_deployment() {
        let mut service = rolling(100, 0);
        service.deployments[0] = deployment("invokeai-api", 3, 150);
        service.deployments[0].rollout_reason =
            Some("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/3.".to_owned());
        service.deployments[1] = deployment("invokeai-api", 4, 100);
        service.deployments[1].rollout = Some(RolloutState::Failed);
        assert_eq!(check(service.clone(), &FAILING), []);
        let findings = check(service, &ROLLED_BACK);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "rev 4 rolled back, now rev 3");
        assert_eq!(
            (findings[0].severity, findings[0].since),
            (Severity::Warn, Some(at(150)))
        );
        assert_eq!(
            findings[0].evidence[0],
            "invokeai-api:4 was taken back at 2026-11-21 02:30 UTC; invokeai-api:3 is wanted again."
        );
    }

    #[test]
    fn a_rollback_is_told_from_history_and_events_until_the_next_deployment() {
        let good = service("invokeai-api", 3);
        let arn = good.arn.clone();
        let mut bench = Bench::new();
        bench.services(vec![good.clone()]);
        assert_eq!(bench.check(&ROLLED_BACK), []);
        bench.know(
            Source::EcsDeployments(arn),
            ReplyData::ServiceDeployments(vec![ServiceDeployment {
                arn: "arn".to_owned(),
                status: "ROLLBACK_FAILED".to_owned(),
                status_reason: None,
                started_at: Some(at(100)),
                finished_at: Some(at(110)),
                target: Some(ServiceRevision {
                    arn: "arn".to_owned(),
                    task_definition: Some("invokeai-api:4".to_owned()),
                    images: Vec::new(),
                }),
                rolled_back_to: None,
            }]),
        );
        let findings = bench.check(&ROLLED_BACK);
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].title, "rev 4 rollback failed, now rev 3");

        let mut told = good;
        told.deployments[0].created_at = Some(at(150));
        told.events = vec![event(
            150,
            "(service invokeai-api) rolling back to deployment ecs-svc/3.",
        )];
        assert_eq!(check(told.clone(), &ROLLED_BACK)[0].title, "rolled back to rev 3");
        told.deployments[0].created_at = Some(at(170));
        assert_eq!(check(told, &ROLLED_BACK), []);
    }

    #[test]
    fn rollouts_under_way_and_completed_ones_are_silent() {
        let mut blue_green = rolling(100, 0);
        blue_green.strategy = Some("BLUE_GREEN".to_owned());
        for service in [rolling(176, 0), service("api", 3), blue_green] {
            for rule in [&FAILING, &STUCK, &ROLLED_BACK] {
                assert_eq!(check(service.clone(), rule), [], "{}", rule.id);
            }
        }
    }

    #[test]
    fn a_deployment_of_unknown_state_and_age_is_not_called_stuck() {
        let mut external = rolling(100, 0);
        external.deployments[0].rollout = None;
        external.deployments[0].created_at = None;
        for rule in [&FAILING, &STUCK, &ROLLED_BACK] {
            assert_eq!(check(external.clone(), rule), [], "{}", rule.id);
        }
    }
}
