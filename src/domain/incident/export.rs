//! A record as a post-mortem in Markdown.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Event, Incident, Moment, RunStory, timeline};
use crate::domain::health::Severity;
use crate::domain::markdown::{block, code, inline, table};
use crate::domain::units::HumanDuration;

/// How times are written: the estate's zone and its short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The zone.
    pub zone: TimeZone,
    /// Its short name, such as `KST`.
    pub label: String,
}

impl Places {
    fn there(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%m-%d %H:%M:%S")
            .to_string()
    }

    fn whole(&self, at: Timestamp) -> String {
        let there = at.to_zoned(self.zone.clone());
        format!(
            "{} {} ({})",
            there.strftime("%Y-%m-%d %H:%M:%S"),
            inline(&self.label),
            utc(at, "%Y-%m-%d %H:%M:%S UTC")
        )
    }
}

fn utc(at: Timestamp, form: &str) -> String {
    at.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

fn span(span: SignedDuration) -> String {
    HumanDuration(span.max(SignedDuration::ZERO)).to_string()
}

/// The post-mortem. `now` is the cloud's clock: how long an incident that is open has taken so far.
pub fn markdown(incident: &Incident, runs: &[RunStory], places: &Places, now: Timestamp) -> String {
    let mut out = format!("# Incident: {}\n\n", inline(&incident.title));
    summary(incident, runs, (places, now), &mut out);
    let lines = timeline(incident, runs);
    out.push_str("## Time line\n\n");
    let rows: Vec<Vec<String>> = lines.iter().map(|line| row(line, places)).collect();
    let label = inline(&places.label);
    out.push_str(&table(&[&*label, "UTC", "SORT", "WHAT", "WHO"], &rows));
    findings(incident, places, &mut out);
    actions(runs, places, &mut out);
    pinned(incident, places, &mut out);
    open_items(incident, runs, &mut out);
    out
}

fn row(line: &Moment, places: &Places) -> Vec<String> {
    vec![
        places.there(line.at),
        utc(line.at, "%m-%d %H:%M:%S"),
        line.sort.to_owned(),
        inline(&line.text),
        line.who.as_deref().map_or_else(|| "–".to_owned(), inline),
    ]
}

fn summary(incident: &Incident, runs: &[RunStory], (places, now): (&Places, Timestamp), out: &mut String) {
    let began = incident.started.0;
    let mut items = vec![
        format!("Record: {}", code(&incident.id.0)),
        format!(
            "Estate: {}",
            incident.estate.as_deref().map_or_else(|| "–".to_owned(), inline)
        ),
        format!(
            "Where: {}",
            incident
                .scopes
                .iter()
                .map(|scope| inline(scope))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        format!("Began: {}", places.whole(began)),
        match incident.closed {
            Some((at, _)) => format!(
                "Closed: {}, after {}",
                places.whole(at),
                span(at.duration_since(began))
            ),
            None => format!("**Open**, for {} so far", span(now.duration_since(began))),
        },
        format!(
            "People: {}",
            incident
                .people
                .iter()
                .map(|one| inline(one))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    ];
    let courses = incident.courses();
    let of = |severity| {
        let of_severity = courses.iter().filter(|course| course.seen.severity == severity);
        of_severity.count()
    };
    items.push(format!(
        "Findings: {} critical, {} warnings, {} open",
        of(Severity::Crit),
        of(Severity::Warn),
        incident.open.len()
    ));
    items.push(format!("Runs: {}", runs.len()));
    out.push_str("## Summary\n\n");
    for item in items {
        out.push_str(&format!("- {item}\n"));
    }
    out.push('\n');
}

fn findings(incident: &Incident, places: &Places, out: &mut String) {
    let rows: Vec<Vec<String>> = incident
        .courses()
        .iter()
        .map(|course| {
            let seen = &course.seen;
            vec![
                seen.severity.word().to_uppercase(),
                inline(&seen.name),
                inline(&seen.title),
                seen.evidence
                    .iter()
                    .map(|line| inline(line))
                    .collect::<Vec<_>>()
                    .join(" "),
                places.there(seen.since.unwrap_or(course.from).min(course.from)),
                course.to.map_or_else(|| "open".to_owned(), |at| places.there(at)),
                course.times.to_string(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str("\n## Findings\n\n");
        out.push_str(&table(
            &["SEVERITY", "WHERE", "WHAT", "WHY", "SINCE", "OVER", "TIMES"],
            &rows,
        ));
    }
}

fn actions(runs: &[RunStory], places: &Places, out: &mut String) {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            vec![
                places.there(run.started_at),
                inline(&run.runbook),
                code(&run.run),
                inline(&run.status),
                inline(&run.who),
                run.reason.as_deref().map_or_else(|| "–".to_owned(), inline),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str("\n## Actions\n\n");
        out.push_str(&table(
            &["AT", "RUNBOOK", "RUN", "CAME TO", "BY", "BECAUSE"],
            &rows,
        ));
    }
}

fn pinned(incident: &Incident, places: &Places, out: &mut String) {
    let mut first = true;
    for entry in &incident.entries {
        let Event::Pinned {
            group,
            logged_at,
            text,
        } = &entry.event
        else {
            continue;
        };
        if first {
            out.push_str("\n## Pinned log lines\n");
            first = false;
        }
        out.push_str(&format!(
            "\n{} {}, pinned by {}:\n\n{}",
            places.there(*logged_at),
            code(group),
            inline(&entry.by),
            block(text)
        ));
    }
}

fn open_items(incident: &Incident, runs: &[RunStory], out: &mut String) {
    let mut items: Vec<String> = incident
        .open
        .values()
        .map(|seen| format!("{}: {}", inline(&seen.name), inline(&seen.title)))
        .collect();
    for run in runs {
        items.extend(
            run.remains
                .iter()
                .map(|left| format!("{} left: {}", code(&run.run), inline(left))),
        );
    }
    out.push_str("\n## Open items\n\n");
    if items.is_empty() {
        out.push_str("Nothing that is known here.\n");
    }
    for item in items {
        out.push_str(&format!("- [ ] {item}\n"));
    }
}
