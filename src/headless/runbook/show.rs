//! `qd runbook show`.

mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::diagnostic::Severity;
use crate::domain::policy::ConfirmLevel;
use crate::headless::out::{Page, Report, complain};
use crate::headless::{Exit, Out};
use crate::runbook::model::{
    Arg, Body, Check, CheckCall, Guard, GuardOn, OnFailure, Origin, Param, Presence, Runbook, Step,
};
use crate::runbook::schema::{Catalogue, Risk};
use crate::runbook::value::exact_duration;
use crate::runbook::{Asks, File, Library, asks_of, load};

/// A runbook as it is shown.
#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    name: String,
    title: String,
    description: String,
    owner: Option<String>,
    file: String,
    digest: String,
    params: Vec<ParamRow>,
    accounts: Vec<String>,
    regions: Vec<String>,
    limits: LimitsRow,
    preconditions: Vec<CheckRow>,
    guards: Vec<String>,
    /// What every plan of it asks for, unless the estate or the plan demands more.
    confirm: ConfirmLevel,
    /// What a plan asks for in which every step that depends on a condition is done.
    confirm_at_most: ConfirmLevel,
    plan_expires: String,
    steps: Vec<StepRow>,
    verify: Vec<CheckRow>,
    on_failure: &'static str,
    always: Vec<StepRow>,
}

#[derive(Serialize)]
struct ParamRow {
    name: String,
    about: String,
    #[serde(rename = "type")]
    ty: String,
    required: bool,
    /// As it is written in the file.
    default: Option<String>,
    one_of: Vec<String>,
    /// What those mean, by value.
    meanings: BTreeMap<String, String>,
    from: Option<String>,
}

#[derive(Serialize)]
struct LimitsRow {
    max_targets: Option<u32>,
    max_removed: Option<u32>,
    max_runs_per_hour: Option<u32>,
    deadline: String,
    rollback_deadline: String,
}

#[derive(Serialize)]
struct CheckRow {
    check: String,
    severity: &'static str,
    for_each: Option<String>,
}

#[derive(Serialize)]
struct StepRow {
    id: String,
    title: String,
    /// Blocks inside blocks.
    depth: usize,
    does: String,
    when: Option<String>,
    for_each: Option<String>,
    /// Unknown for anything but an action.
    risk: Option<Risk>,
    timeout: Option<String>,
}

/// Shows a runbook; one that cannot be used is an error with its whole report.
pub fn run(file: &File, library: &dyn Library, catalogue: &Catalogue, out: &Out) -> anyhow::Result<Exit> {
    let loaded = match load(file, library, catalogue) {
        Ok(loaded) => loaded,
        Err(unusable) => {
            complain(&unusable.to_string());
            return Ok(Exit::Usage);
        }
    };
    for report in &loaded.warnings {
        complain(&report.to_string());
    }
    out.report(&shown(&loaded.runbook, file, catalogue))?;
    Ok(Exit::Done)
}

fn shown(runbook: &Runbook, file: &File, catalogue: &Catalogue) -> Shown {
    let Asks { least, most } = asks_of(runbook, catalogue);
    let steps = |steps: &[Step]| {
        let mut rows = Vec::new();
        outline(steps, 0, catalogue, &mut rows);
        rows
    };
    let texts = |list: &[crate::runbook::model::Spanned<String>]| {
        list.iter().map(|text| text.value.clone()).collect()
    };
    Shown {
        schema: "quarterdeck.runbook/1",
        name: runbook.name.value.clone(),
        title: runbook.title.clone(),
        description: runbook.description.trim().to_owned(),
        owner: runbook.owner.clone(),
        file: file.name.clone(),
        digest: runbook.digest.clone(),
        params: runbook
            .params
            .iter()
            .map(|param| param_row(param, file))
            .collect(),
        accounts: texts(&runbook.target.accounts),
        regions: texts(&runbook.target.regions),
        limits: LimitsRow {
            max_targets: runbook.limits.max_targets,
            max_removed: runbook.limits.max_removed,
            max_runs_per_hour: runbook.limits.max_runs_per_hour,
            deadline: exact_duration(runbook.limits.deadline),
            rollback_deadline: exact_duration(runbook.limits.rollback_deadline),
        },
        preconditions: runbook.preconditions.iter().map(check_row).collect(),
        guards: runbook.guards.iter().map(guard_words).collect(),
        confirm: least,
        confirm_at_most: most,
        plan_expires: exact_duration(runbook.confirm.expires),
        steps: steps(&runbook.steps),
        verify: runbook.verify.iter().map(check_row).collect(),
        on_failure: match runbook.on_failure {
            OnFailure::Rollback => "rollback",
            OnFailure::Stop => "stop",
        },
        always: steps(&runbook.always),
    }
}

fn param_row(param: &Param, file: &File) -> ParamRow {
    let written = |start: usize, end: usize| {
        // Spans are of the text without a byte order mark.
        let text = std::str::from_utf8(&file.bytes).unwrap_or_default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        text.get(start..end).unwrap_or_default().to_owned()
    };
    ParamRow {
        name: param.name.value.clone(),
        about: param.about.clone(),
        ty: param.ty.to_string(),
        required: param.presence == Presence::Required,
        default: match &param.presence {
            Presence::Required | Presence::Optional | Presence::Stored => None,
            Presence::All => Some("all".to_owned()),
            Presence::Default(default) => Some(written(default.span.start, default.span.end)),
        },
        one_of: param.one_of.iter().map(|value| value.value.to_string()).collect(),
        meanings: param.meanings.clone(),
        from: param.from.as_ref().map(|from| match from {
            Origin::Live(discovery) => discovery.list.to_string(),
            Origin::Secret(secret) => secret.to_string(),
        }),
    }
}

fn check_row(check: &Check) -> CheckRow {
    CheckRow {
        check: call_words(&check.call),
        severity: match check.severity {
            Severity::Error => "error",
            Severity::Warning => "warn",
        },
        for_each: check.for_each.as_ref().map(|list| list.source().to_owned()),
    }
}

fn call_words(call: &CheckCall) -> String {
    match call {
        CheckCall::Expr(expr) => expr.source().to_owned(),
        CheckCall::Named { name, .. } => name.value.clone(),
    }
}

fn guard_words(guard: &Guard) -> String {
    match &guard.on {
        GuardOn::Alarm(alarm) => match &alarm.name.value {
            Arg::Literal(name) => format!("alarm {name}"),
            Arg::Expr(expr) => format!("alarm {}", expr.source()),
            Arg::Template(_) | Arg::List(_) | Arg::Map(_) => "alarm".to_owned(),
        },
        GuardOn::Check(call) => call_words(call),
    }
}

fn outline(steps: &[Step], depth: usize, catalogue: &Catalogue, rows: &mut Vec<StepRow>) {
    for step in steps {
        let mut row = StepRow {
            id: step.id.value.clone(),
            title: step.title.clone(),
            depth,
            does: String::new(),
            when: step.when.as_ref().map(|when| when.source().to_owned()),
            for_each: None,
            risk: None,
            timeout: None,
        };
        match &step.body {
            Body::Action(action) => {
                row.does.clone_from(&action.name.value);
                row.for_each = action.for_each.as_ref().map(|list| list.source().to_owned());
                row.risk = catalogue.get(&action.name).map(|schema| schema.risk);
                row.timeout = action.wait.as_ref().map(|wait| exact_duration(wait.timeout));
                rows.push(row);
            }
            Body::Use(used) => {
                row.does = format!("use {}", used.runbook.name.value);
                rows.push(row);
            }
            Body::Check(check) => {
                row.does = call_words(&check.call);
                row.for_each = check.for_each.as_ref().map(|list| list.source().to_owned());
                row.timeout = check.within.map(exact_duration);
                rows.push(row);
            }
            Body::Pause(pause) => {
                row.does.push_str("pause for a person");
                row.timeout = Some(exact_duration(pause.timeout));
                rows.push(row);
            }
            Body::Block(block) => {
                row.does.push_str("block");
                rows.push(row);
                outline(&block.steps, depth + 1, catalogue, rows);
                for (part, steps) in [("rescue", &block.rescue), ("always", &block.always)] {
                    let before = rows.len();
                    outline(steps, depth + 1, catalogue, rows);
                    for row in &mut rows[before..] {
                        row.does = format!("{part}: {}", row.does);
                    }
                }
            }
        }
    }
}

impl Report for Shown {
    fn text(&self, page: &Page) -> String {
        self.as_text(page)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        Ok(vec![serde_json::to_value(self)?])
    }
}
