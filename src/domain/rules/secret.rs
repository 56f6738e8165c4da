//! Secrets: rotations that did not happen, secrets that nobody reads, secrets that are about to go.

use jiff::SignedDuration;

use crate::domain::edge_cost;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::secret::Secret;

/// It should have been rotated.
pub const ROTATION: Rule = Rule {
    id: "secret.rotation-overdue",
    kind: Kind::Secret,
    title: "A secret was not rotated in time",
    what: "How long ago a secret that is rotated by itself should have been rotated. A version that is \
           staged as AWSPENDING tells of a rotation that broke off.",
    severities: &[
        (Severity::Crit, "at the critical delay"),
        (Severity::Warn, "at the warning delay"),
    ],
    thresholds: &["secret_rotation_overdue_h"],
    runbooks: &[],
    reach: Reach::Scope,
    check: rotation,
};

/// It is paid for and read by nobody.
pub const UNUSED: Rule = Rule {
    id: "secret.unused",
    kind: Kind::Secret,
    title: "A secret is read by nobody",
    what: "Secrets whose value nobody has read for so many days, or ever if they are that old. Those that \
           a service of AWS manages, and those that a task definition in use names, are left out.",
    severities: &[(Severity::Info, "nobody has read it")],
    thresholds: &["secret_unused_days"],
    runbooks: &[],
    reach: Reach::Scope,
    check: unused,
};

/// It is about to go, and tasks need it.
pub const DELETED: Rule = Rule {
    id: "secret.deleted-in-use",
    kind: Kind::Secret,
    title: "A secret that tasks need is about to be deleted",
    what: "Secrets that are scheduled for deletion and that a task definition in use names. Nobody can read \
           their value any more: tasks that start from now on fail.",
    severities: &[(Severity::Crit, "a task definition in use names it")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: deleted,
};

fn secrets<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Secret> {
    context.state.secrets.get().into_iter().flatten()
}

/// Task definitions that name the secret, as `family:revision`.
fn used_by(context: &Context<'_>, secret: &Secret) -> Vec<String> {
    context
        .state
        .task_definitions
        .get()
        .into_iter()
        .flatten()
        .filter(|definition| {
            let secrets = definition.containers.iter().flat_map(|one| &one.secrets);
            secrets.into_iter().any(|(_, source)| secret.is_source(source))
        })
        .map(|definition| format!("{}:{}", definition.family, definition.revision))
        .collect()
}

fn rotation(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().secret_rotation_overdue_h;
    for secret in secrets(context).filter(|secret| secret.deleted_at.is_none()) {
        let Some(due) = secret.rotation.due_at() else {
            continue;
        };
        let late = context.now.duration_since(due);
        let Some(breach) = limit.judge(late.as_secs_f64() / 3600.0) else {
            continue;
        };
        let last = secret.rotation.last_at.map_or_else(
            || "It has never been rotated.".to_owned(),
            |at| format!("It was rotated last at {}.", words::moment(at, context.zone())),
        );
        findings.push(
            ROTATION
                .on(context, &secret.arn, &secret.name)
                .since(Some(due))
                .because(format!(
                    "It should have been rotated by {}, {} ago.",
                    words::moment(due, context.zone()),
                    words::span(late)
                ))
                .because(last)
                .perhaps_because(secret.rotation.pending.then(|| {
                    "A version is staged as AWSPENDING: a rotation broke off. The log of its Lambda \
                     function says why."
                        .to_owned()
                }))
                .report(severity(breach), format!("rotation {} late", words::span(late))),
        );
    }
}

fn unused(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let days = context.limits().secret_unused_days;
    let limit = SignedDuration::from_secs_f64(days * 86_400.0);
    let cost = edge_cost::secret(&context.state.scope.region);
    for secret in secrets(context) {
        if secret.owner.is_some() || secret.deleted_at.is_some() {
            continue;
        }
        let Some(since) = secret.accessed_at.or(secret.created_at) else {
            continue;
        };
        if context.now.duration_since(since) < limit || !used_by(context, secret).is_empty() {
            continue;
        }
        let age = words::since(since, context.now);
        let what = if secret.accessed_at.is_some() {
            format!("Its value was read last {age} ago.")
        } else {
            format!("It is {age} old, and nobody has ever read its value.")
        };
        findings.push(
            UNUSED
                .on(context, &secret.arn, &secret.name)
                .hurts(Impact::Cost)
                .because(what)
                .perhaps_because(
                    cost.map(|cost| format!("It costs {} a month at list price.", words::usd(cost))),
                )
                .report(
                    Severity::Info,
                    cost.map_or_else(
                        || format!("unread for {age}"),
                        |cost| format!("unread for {age}, {}/month", words::usd(cost)),
                    ),
                ),
        );
    }
}

fn deleted(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for secret in secrets(context) {
        let Some(at) = secret.deleted_at else {
            continue;
        };
        let users = used_by(context, secret);
        if users.is_empty() {
            continue;
        }
        findings.push(
            DELETED
                .on(context, &secret.arn, &secret.name)
                .hurts(Impact::Customer)
                .since((at <= context.now).then_some(at))
                .because(format!(
                    "{} name it: tasks that start now fail.",
                    words::excerpt(&users.join(", "))
                ))
                .because(format!(
                    "aws secretsmanager restore-secret --secret-id {} takes the deletion back.",
                    words::excerpt(&secret.name)
                ))
                .report(Severity::Crit, "scheduled for deletion, in use"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::{ContainerDefinition, TaskDefinition};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at, container, task_definition};
    use crate::domain::secret::Rotation;

    fn secret(name: &str) -> Secret {
        Secret {
            arn: arn("secretsmanager", &format!("secret:{name}-AbCdEf")),
            name: name.to_owned(),
            description: None,
            created_at: Some(at(-1440 * 400)),
            changed_at: None,
            accessed_at: Some(at(-1440)),
            rotation: Rotation::default(),
            deleted_at: None,
            owner: None,
        }
    }

    fn bench(secrets: Vec<Secret>) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Secrets, ReplyData::Secrets(secrets));
        let definition = TaskDefinition {
            containers: vec![ContainerDefinition {
                secrets: vec![(
                    "DB".to_owned(),
                    arn("secretsmanager", "secret:shop/db-AbCdEf:password::"),
                )],
                ..container("api", "api:7")
            }],
            ..task_definition("api", 7)
        };
        bench.know(
            Source::TaskDefinitions,
            ReplyData::TaskDefinitions(vec![definition]),
        );
        bench
    }

    #[test]
    fn a_rotation_that_is_late_is_told_with_what_stands_in_its_way() {
        let mut late = secret("shop/db");
        late.rotation = Rotation {
            enabled: true,
            last_at: Some(at(-1440 * 40)),
            next_at: Some(at(-1440 * 3)),
            every_days: Some(30),
            pending: true,
        };
        let mut soon = secret("shop/soon");
        soon.rotation = Rotation {
            enabled: true,
            next_at: Some(at(1440)),
            ..Rotation::default()
        };
        let findings = bench(vec![late, soon, secret("shop/never")]).check(&ROTATION);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "rotation 3d3h late")
        );
        assert_eq!(findings[0].evidence.len(), 3);
    }

    #[test]
    fn what_nobody_reads_costs_money_unless_a_task_names_it() {
        let mut old = secret("shop/old");
        old.accessed_at = Some(at(-1440 * 120));
        let mut never = secret("shop/never");
        never.accessed_at = None;
        let mut named = secret("shop/db");
        named.accessed_at = None;
        let mut managed = secret("rds!db-1");
        managed.accessed_at = None;
        managed.owner = Some("rds".to_owned());
        let findings = bench(vec![old, never, named, managed, secret("shop/used")]).check(&UNUSED);
        let told: Vec<(&str, &str)> = findings
            .iter()
            .map(|finding| (finding.name.as_str(), finding.title.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("shop/old", "unread for 120d, $0.40/month"),
                ("shop/never", "unread for 400d, $0.40/month")
            ]
        );
    }

    #[test]
    fn a_deletion_of_what_tasks_need_is_critical() {
        let mut going = secret("shop/db");
        going.deleted_at = Some(at(60));
        let mut other = secret("shop/other");
        other.deleted_at = Some(at(60));
        let findings = bench(vec![going, other]).check(&DELETED);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].name.as_str(), findings[0].since),
            (Severity::Crit, "shop/db", Some(at(60)))
        );
        assert_eq!(
            findings[0].evidence[0],
            "api:7 name it: tasks that start now fail."
        );
    }

    #[test]
    fn what_was_not_read_is_silent() {
        for rule in [&ROTATION, &UNUSED, &DELETED] {
            assert_eq!(Bench::new().check(rule), [], "{}", rule.id);
        }
    }
}
