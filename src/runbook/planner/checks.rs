//! Checks and guards of a runbook, with their arguments resolved.

use std::collections::BTreeMap;

use super::{Found, seconds};
use crate::domain::diagnostic;
use crate::domain::exit::Exit;
use crate::runbook::check::{self, Check};
use crate::runbook::expr::Names;
use crate::runbook::model::{self, Baseline, CheckCall, GuardOn, Lenience};
use crate::runbook::plan::{CheckItem, Guard, GuardBaseline, OnUnclear, Severity};
use crate::runbook::types::Type;
use crate::runbook::value::Value;

/// The checks, one for each item of their loops.
pub(super) fn items(checks: &[model::Check], names: &Names<'_>, found: &mut Found) -> Vec<CheckItem> {
    let mut items = Vec::new();
    for check in checks {
        let place = match &check.call {
            CheckCall::Expr(expr) => format!("check `{}`", expr.source()),
            CheckCall::Named { name, .. } => format!("check {}", name.value),
        };
        let each = match &check.for_each {
            None => vec![None],
            Some(list) => match list.items(names) {
                Ok(list) => list.into_iter().map(Some).collect(),
                Err(error) => {
                    found.evaluation(&place, &error);
                    continue;
                }
            },
        };
        for each in each {
            let mut own = Names::within(names);
            if let Some(each) = &each {
                own.set("each", each.clone());
            }
            match item(check, &own, each) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => {}
                Err(error) => found.evaluation(&place, &error),
            }
        }
    }
    items
}

/// One check; none where its condition does not hold.
fn item(
    check: &model::Check,
    names: &Names<'_>,
    each: Option<Value>,
) -> Result<Option<CheckItem>, crate::runbook::expr::EvalError> {
    if let Some(when) = &check.when
        && !when.holds(names)?
    {
        return Ok(None);
    }
    let mut kept = BTreeMap::new();
    if let Some(each) = each {
        kept.insert("each".to_owned(), each);
    }
    let (name, with) = match &check.call {
        CheckCall::Expr(expr) => {
            for path in expr.references() {
                if let Some(first) = path.first()
                    && let Some(value) = names.get(first)
                    && !matches!(
                        first.as_str(),
                        "params" | "account" | "region" | "estate" | "run" | "each"
                    )
                {
                    kept.insert(first.clone(), value.clone());
                }
            }
            let mut with = crate::runbook::action::Arguments::new();
            with.insert(
                "that".to_owned(),
                serde_json::Value::String(expr.source().to_owned()),
            );
            (check::EXPR.to_owned(), with)
        }
        CheckCall::Named { name, with } => {
            let schema = check::find(&name.value).map(Check::schema).ok_or_else(|| {
                crate::runbook::expr::EvalError::new(format!("there is no check {}", name.value))
            })?;
            let values = model::inputs(with, &schema, names)?;
            (name.value.clone(), super::steps::arguments(&values))
        }
    };
    Ok(Some(CheckItem {
        check: name,
        with,
        message: check
            .message
            .as_ref()
            .map(|message| message.evaluate(names))
            .transpose()?,
        severity: match check.severity {
            diagnostic::Severity::Error => Severity::Error,
            diagnostic::Severity::Warning => Severity::Warn,
        },
        timeout_s: check.within.map_or(0, seconds),
        every_s: seconds(check.every),
        names: kept,
    }))
}

const fn unclear(lenience: Lenience) -> OnUnclear {
    match lenience {
        Lenience::Stop => OnUnclear::Stop,
        Lenience::Warn => OnUnclear::Warn,
    }
}

/// The guards.
pub(super) fn guards(guards: &[model::Guard], names: &Names<'_>, found: &mut Found) -> Vec<Guard> {
    let mut list = Vec::new();
    for guard in guards {
        match &guard.on {
            GuardOn::Alarm(alarm) => match alarm.name.value.evaluate(&Type::Any, names) {
                Ok(name) => list.push(Guard {
                    alarm: name.to_string(),
                    baseline: match guard.baseline {
                        Baseline::RequireOk => GuardBaseline::RequireOk,
                        Baseline::Transition => GuardBaseline::Transition,
                    },
                    unreadable: unclear(guard.unreadable),
                    insufficient_data: if alarm.states.contains(&model::AlarmState::InsufficientData) {
                        OnUnclear::Stop
                    } else {
                        unclear(alarm.insufficient_data)
                    },
                    every_s: seconds(guard.every),
                }),
                Err(error) => found.evaluation("guard", &error),
            },
            GuardOn::Check(_) => found.refuse(
                Exit::Usage,
                "guards on checks are not supported by this version: use an alarm".to_owned(),
            ),
        }
    }
    list
}
