//! Notebooks that somebody left on.

use jiff::SignedDuration;

use super::{per_hour, prices};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// A notebook was left on.
pub const LEFT_ON: Rule = Rule {
    id: "sagemaker.notebook-left-on",
    kind: Kind::NotebookInstance,
    title: "A notebook was left on",
    what: "How long a notebook instance or an application of Studio has been running. AWS does not say \
           whether somebody works in it.",
    severities: &[(Severity::Warn, "for the time of the threshold")],
    thresholds: &["notebook_running_h"],
    runbooks: &["sagemaker-stop-idle"],
    reach: Reach::Scope,
    check: left_on,
};

fn left_on(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = SignedDuration::from_secs_f64(context.limits().notebook_running_h * 3600.0);
    let all = context.state.notebooks.get().into_iter().flatten();
    for notebook in all.filter(|notebook| notebook.is_running()) {
        let Some(since) = notebook.running_since else {
            continue;
        };
        let lasts = context.now.duration_since(since);
        if lasts < limit {
            continue;
        }
        let rate = prices(context).notebook(notebook);
        let costs = per_hour(rate.as_ref().map(|rate| rate.value));
        findings.push(
            LEFT_ON
                .on(context, &notebook.arn, &notebook.name)
                .hurts(Impact::Cost)
                .since(Some(since))
                .because(format!(
                    "{} has been on for {}, at {costs}.",
                    notebook
                        .instance_type
                        .as_deref()
                        .unwrap_or("An unknown instance type"),
                    words::span(lasts)
                ))
                .perhaps_because(rate.map(|rate| {
                    let spent = rate.value.for_seconds(lasts.as_secs().unsigned_abs());
                    format!(
                        "That came to {} so far, at list prices of {}.",
                        words::usd(spent.as_f64()),
                        rate.as_of()
                    )
                }))
                .report(Severity::Warn, format!("on for {}, {costs}", words::span(lasts))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};
    use crate::domain::sagemaker::sample::notebook;

    #[test]
    fn only_what_runs_for_long_is_told() {
        let minute = Bench::new().minute();
        let mut stopped = notebook("stopped", minute - 3000);
        stopped.status = "Stopped".to_owned();
        let mut bench = Bench::new();
        bench.know(
            Source::Notebooks,
            ReplyData::Notebooks(vec![
                notebook("long", minute - 26 * 60),
                notebook("short", minute - 60),
                stopped,
            ]),
        );
        let found = bench.check(&LEFT_ON);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].title, "on for 1d2h, $0.06/h");
        assert_eq!(found[0].since, Some(at(minute - 26 * 60)));
        assert!(
            found[0].evidence[1].starts_with("That came to $1.61"),
            "{:?}",
            found[0].evidence
        );
    }
}
