//! `lambda.runtime`: AWS no longer keeps a runtime alive, or soon will not.

use jiff::tz::TimeZone;
use std::collections::BTreeMap;

use super::functions;
use crate::domain::function::{RUNTIMES_CHECKED, supported_until};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "lambda.runtime",
    kind: Kind::Lambda,
    title: "A runtime is out of support",
    what: "The day on which AWS deprecates a function's runtime: no more patches, and some months later no \
           more changes. The days come from a table of this program that names the day on which it was \
           compared with AWS's; runtimes that it does not know are not judged, nor are container images.",
    severities: &[
        (Severity::Warn, "out of support"),
        (Severity::Info, "fewer days are left than the threshold says"),
    ],
    thresholds: &["lambda_runtime_days_left"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let notice = context.limits().lambda_runtime_days_left;
    let today = context.now.to_zoned(TimeZone::UTC).date();
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for function in functions(context) {
        *alike
            .entry(function.runtime.as_deref().unwrap_or_default())
            .or_default() += 1;
    }
    for function in functions(context) {
        let Some(runtime) = function.runtime.as_deref() else {
            continue;
        };
        let Some(until) = supported_until(runtime) else {
            continue;
        };
        let left = today.duration_until(until).as_hours() / 24;
        let (severity, title) = if left < 0 {
            (Severity::Warn, format!("{runtime} unsupported since {until}"))
        } else if (left as f64) < notice {
            (Severity::Info, format!("{runtime} supported until {until}"))
        } else {
            continue;
        };
        let others = alike.get(runtime).map_or(0, |many| many - 1);
        findings.push(
            RULE.on(context, &function.arn, &function.name)
                .because(format!(
                    "AWS deprecates {runtime} on {until} (known as of {RUNTIMES_CHECKED}): no more patches, and \
                     later no more changes."
                ))
                .perhaps_because(
                    (others > 0).then(|| format!("{} here have it too.", words::count(others, "other function"))),
                )
                .report(severity, title),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, function};
    use super::*;

    #[test]
    fn runtimes_are_judged_by_the_day() {
        // It is 2026-11-21.
        let of = |runtime: Option<&str>| {
            let mut one = function("resize");
            one.runtime = runtime.map(str::to_owned);
            bench(vec![one]).check(&RULE)
        };
        let over = of(Some("python3.9"));
        assert_eq!(
            (over[0].severity, over[0].title.as_str()),
            (Severity::Warn, "python3.9 unsupported since 2025-12-15")
        );
        for quiet in [Some("python3.13"), Some("nodejs99.x"), None] {
            assert_eq!(of(quiet), [], "{quiet:?}");
        }
    }
}
