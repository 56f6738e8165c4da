//! Application Auto Scaling: services that are scaled by themselves, and cannot be any more.

use jiff::{SignedDuration, Timestamp};

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::scalable::{Scaled, ScalingActivity};

/// A service has been at its maximum for long.
pub const AT_MAXIMUM: Rule = Rule {
    id: "scaling.at-maximum",
    kind: Kind::ScalableTarget,
    title: "A service has been at its maximum for long",
    what: "ECS services that Application Auto Scaling itself brought to as many tasks as it may set, and \
           that still want as many; where AWS says itself that it did not scale because the capacity was at its maximum, \
           any target. Targets whose bounds are the same, and those that nothing moves, are left out: there a \
           maximum is meant.",
    severities: &[
        (Severity::Crit, "at the critical time"),
        (Severity::Warn, "at the warning time"),
    ],
    thresholds: &["scaling_at_maximum_min"],
    runbooks: &["ecs-scale"],
    reach: Reach::Scope,
    check: at_maximum,
};

/// Scaling is suspended.
pub const SUSPENDED: Rule = Rule {
    id: "scaling.suspended",
    kind: Kind::ScalableTarget,
    title: "Scaling is suspended",
    what: "Targets of which somebody has suspended scaling in, scaling out or schedules. AWS does not say \
           since when.",
    severities: &[
        (Severity::Warn, "scaling out is suspended"),
        (Severity::Info, "only scaling in or schedules"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: suspended,
};

/// The last activity failed.
pub const FAILED: Rule = Rule {
    id: "scaling.failed",
    kind: Kind::ScalableTarget,
    title: "Scaling fails",
    what: "Targets whose last scaling activity failed or brought nothing, within the last day: a role that is \
           missing, a resource that is gone or cannot be changed now.",
    severities: &[(Severity::Warn, "the last activity failed")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: failed,
};

/// How old a failure may be and still say something.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

fn targets<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Scaled> {
    context.state.scaling.get().into_iter().flatten()
}

fn newest(target: &Scaled) -> Option<&ScalingActivity> {
    target.activities.as_ref()?.first()
}

fn at_maximum(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().scaling_at_maximum_min;
    let Some(as_of) = context.state.scaling.at() else {
        return;
    };
    for target in targets(context) {
        let moved = target
            .policies
            .as_ref()
            .is_some_and(|policies| !policies.is_empty());
        if target.min >= target.max || !moved {
            continue;
        }
        let Some((since, sign)) = full_since(context, target) else {
            continue;
        };
        let minutes = as_of.duration_since(since).as_secs_f64() / 60.0;
        let Some(breach) = limit.judge(minutes) else {
            continue;
        };
        let mut draft = AT_MAXIMUM
            .on(context, &target.id, target.name())
            .hurts(Impact::Capacity)
            .since(Some(since))
            .because(sign)
            .perhaps_because(
                target
                    .policies_in_words()
                    .map(|by| format!("It is scaled by: {}.", words::excerpt(&by))),
            );
        if target.namespace != "ecs" {
            draft = draft.without_runbooks();
        }
        findings.push(draft.report(
            severity(breach),
            format!(
                "at its maximum of {} for {}",
                target.max,
                words::since(since, as_of)
            ),
        ));
    }
}

/// Since when a target is at its maximum, and how that is known; `None` if it is not.
fn full_since(context: &Context<'_>, target: &Scaled) -> Option<(Timestamp, String)> {
    if let Some((cluster, name)) = target.service() {
        let fleet = context.state.ecs.get()?;
        let service = fleet
            .services
            .iter()
            .find(|one| one.cluster == cluster && one.name == name)?;
        // A count that somebody set by hand is no activity: only one that brought the maximum counts.
        let to_maximum = format!(" {}.", target.max);
        let brought = newest(target).filter(|activity| activity.description.ends_with(&to_maximum))?;
        let since = brought.started_at;
        return (service.desired >= target.max).then(|| {
            let sentence = format!(
                "{} are wanted, {} is the most.",
                words::count(service.desired as usize, "task"),
                target.max
            );
            (since, sentence)
        });
    }
    // What AWS left undone says that it would have scaled: the oldest of an unbroken run of them.
    let left: Vec<&ScalingActivity> = target
        .activities
        .iter()
        .flatten()
        .take_while(|activity| {
            activity
                .not_scaled
                .iter()
                .any(|reason| reason == "AlreadyAtMaxCapacity")
        })
        .collect();
    let oldest = left.last()?;
    Some((
        oldest.started_at,
        format!(
            "AWS left it as it is {}: it is at its maximum.",
            times(left.len())
        ),
    ))
}

fn times(many: usize) -> String {
    words::count(many, "time")
}

fn suspended(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for target in targets(context) {
        if target.suspended.is_empty() {
            continue;
        }
        let out = target.suspended.iter().any(|what| what == "dynamic scaling out");
        let what = target.suspended.join(", ");
        findings.push(
            SUSPENDED
                .on(context, &target.id, target.name())
                .hurts(if out { Impact::Capacity } else { Impact::Risk })
                .because(format!(
                    "Suspended: {what}. It stays between {} and {} as somebody set it.",
                    target.min, target.max
                ))
                .report(
                    if out { Severity::Warn } else { Severity::Info },
                    format!("{what} suspended"),
                ),
        );
    }
}

fn failed(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for target in targets(context) {
        let Some(activity) = newest(target).filter(|activity| activity.has_failed()) else {
            continue;
        };
        if context.now.duration_since(activity.started_at) > RECENT {
            continue;
        }
        let message = activity.message.as_deref().unwrap_or("AWS does not say why");
        findings.push(
            FAILED
                .on(context, &target.id, target.name())
                .hurts(Impact::Capacity)
                .since(Some(activity.started_at))
                .because(words::excerpt(&format!("{}: {}", activity.description, message)))
                .because(words::excerpt(&activity.cause))
                .report(
                    Severity::Warn,
                    format!("scaling {}", words::excerpt(&activity.status).to_lowercase()),
                ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, service};
    use crate::domain::scalable::ScalingPolicy;

    fn activity(minute: i64, status: &str, not_scaled: &[&str]) -> ScalingActivity {
        ScalingActivity {
            description: "Setting desired count to 4.".to_owned(),
            cause: "monitor alarm TargetTracking-api-AlarmHigh in state ALARM".to_owned(),
            status: status.to_owned(),
            message: Some("as AWS says".to_owned()),
            not_scaled: not_scaled.iter().map(|one| (*one).to_owned()).collect(),
            started_at: at(minute),
            ended_at: Some(at(minute)),
        }
    }

    fn target(namespace: &str, resource: &str, activities: Vec<ScalingActivity>) -> Scaled {
        Scaled {
            id: format!("{namespace}/{resource}"),
            namespace: namespace.to_owned(),
            resource: resource.to_owned(),
            dimension: String::new(),
            min: 1,
            max: 4,
            suspended: Vec::new(),
            policies: Some(vec![ScalingPolicy {
                name: "cpu".to_owned(),
                kind: "TargetTrackingScaling".to_owned(),
                metric: Some("ECSServiceAverageCPUUtilization".to_owned()),
                target: Some(60.0),
                only_out: false,
            }]),
            activities: Some(activities),
        }
    }

    /// It is minute 180.
    fn bench(desired: u32, target: Scaled) -> Bench {
        let mut bench = Bench::new();
        let mut api = service("api", 1);
        api.desired = desired;
        bench.services(vec![api]);
        bench.know(Source::Scaling, ReplyData::Scaling(vec![target]));
        bench
    }

    #[test]
    fn a_service_at_its_maximum_is_told_once_that_has_lasted() {
        let full = |desired, minute| {
            let activities = vec![activity(minute, "Successful", &[])];
            bench(desired, target("ecs", "service/main/api", activities)).check(&AT_MAXIMUM)
        };
        assert_eq!(full(3, 20), []);
        assert_eq!(full(4, 170), []);
        let findings = full(4, 140);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "at its maximum of 4 for 40m")
        );
        assert_eq!(
            findings[0].evidence,
            ["4 tasks are wanted, 4 is the most.", "It is scaled by: CPU 60."]
        );
        let mut meant = target("ecs", "service/main/api", vec![activity(20, "Successful", &[])]);
        meant.min = 4;
        assert_eq!(bench(4, meant).check(&AT_MAXIMUM), []);
    }

    #[test]
    fn of_other_namespaces_aws_itself_says_it() {
        let left = |minute| activity(minute, "Unfulfilled", &["AlreadyAtMaxCapacity"]);
        let activities = vec![left(178), left(100), activity(90, "Successful", &[]), left(10)];
        let one = target("sagemaker", "endpoint/avatar/variant/main", activities);
        let findings = bench(0, one).check(&AT_MAXIMUM);
        assert_eq!(
            (findings[0].title.as_str(), findings[0].name.as_str()),
            ("at its maximum of 4 for 1h20m", "avatar")
        );
        assert_eq!(findings[0].runbooks, [] as [String; 0]);
    }

    #[test]
    fn what_is_suspended_and_what_failed_is_told() {
        let mut held = target("ecs", "service/main/api", Vec::new());
        held.suspended = vec!["scheduled scaling".to_owned()];
        let findings = bench(2, held.clone()).check(&SUSPENDED);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Info, "scheduled scaling suspended")
        );
        held.suspended.push("dynamic scaling out".to_owned());
        assert_eq!(bench(2, held).check(&SUSPENDED)[0].severity, Severity::Warn);

        let failed = |activities| bench(2, target("ecs", "service/main/api", activities)).check(&FAILED);
        assert_eq!(
            failed(vec![activity(170, "Failed", &[])])[0].title,
            "scaling failed"
        );
        let mended = vec![activity(175, "Successful", &[]), activity(170, "Failed", &[])];
        assert_eq!(failed(mended), []);
        assert_eq!(failed(vec![activity(-2000, "Failed", &[])]), []);
    }
}
