//! Checks and guards of a runbook, with their arguments resolved.

use std::collections::BTreeMap;

use super::{Around, Found, seconds};
use crate::domain::diagnostic;
use crate::runbook::action::Arguments;
use crate::runbook::check::{self, Check};
use crate::runbook::expr::Names;
use crate::runbook::model::{self, Baseline, CheckCall, GuardOn, Lenience};
use crate::runbook::plan::{CheckItem, Guard, GuardBaseline, GuardCheck, OnUnclear, Severity};
use crate::runbook::types::Type;
use crate::runbook::value::Value;

/// What expressions of checks see: now, and what of it goes into the plan with them.
pub(super) type Scene<'n> = (&'n Names<'n>, &'n BTreeMap<String, Value>);

/// The checks, one for each item of their loops.
pub(super) fn items(checks: &[model::Check], (names, own): Scene<'_>, found: &mut Found) -> Vec<CheckItem> {
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
            let mut names = Names::within(names);
            if let Some(each) = &each {
                names.set("each", each.clone());
            }
            match item(check, (&names, own), each) {
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
    (names, own): Scene<'_>,
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
    let (name, with) = call(&check.call, (names, own), &mut kept)?;
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

/// What is looked at, with its arguments, and the names that its expression needs later.
fn call(
    call: &CheckCall,
    (names, own): Scene<'_>,
    kept: &mut BTreeMap<String, Value>,
) -> Result<(String, Arguments), crate::runbook::expr::EvalError> {
    Ok(match call {
        CheckCall::Expr(expr) => {
            kept.extend(own.clone());
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
            let mut with = Arguments::new();
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
    })
}

const fn unclear(lenience: Lenience) -> OnUnclear {
    match lenience {
        Lenience::Stop => OnUnclear::Stop,
        Lenience::Warn => OnUnclear::Warn,
    }
}

/// The guards.
pub(super) fn guards(
    guards: &[model::Guard],
    (names, own): Scene<'_>,
    (around, found): (&mut Around, &mut Found),
) {
    for guard in guards {
        let baseline = match guard.baseline {
            Baseline::RequireOk => GuardBaseline::RequireOk,
            Baseline::Transition => GuardBaseline::Transition,
        };
        match &guard.on {
            GuardOn::Alarm(alarm) => match alarm.name.value.evaluate(&Type::Any, names) {
                Ok(name) => {
                    let watched = |name: &Value| Guard {
                        alarm: name.to_string(),
                        baseline,
                        unreadable: unclear(guard.unreadable),
                        insufficient_data: if alarm.states.contains(&model::AlarmState::InsufficientData) {
                            OnUnclear::Stop
                        } else {
                            unclear(alarm.insufficient_data)
                        },
                        every_s: seconds(guard.every),
                    };
                    let names = match &name {
                        Value::List(names) => names.as_slice(),
                        one => std::slice::from_ref(one),
                    };
                    let wanted = names.iter().map(watched);
                    // A used runbook may watch the same alarm as the one that uses it.
                    for guard in wanted {
                        if !around.guards.contains(&guard) {
                            around.guards.push(guard);
                        }
                    }
                }
                Err(error) => found.evaluation("guard", &error),
            },
            GuardOn::Check(wanted) => {
                let mut kept = BTreeMap::new();
                match call(wanted, (names, own), &mut kept) {
                    Ok((check, with)) => {
                        let said = match wanted {
                            CheckCall::Expr(expr) => format!("`{}`", expr.source()),
                            CheckCall::Named { name, .. } => name.value.clone(),
                        };
                        around.guard_checks.push(GuardCheck {
                            name: format!("{} {said}", around.guard_checks.len() + 1),
                            check: CheckItem {
                                check,
                                with,
                                message: None,
                                severity: Severity::Error,
                                timeout_s: 0,
                                every_s: seconds(guard.every),
                                names: kept,
                            },
                            baseline,
                            unreadable: unclear(guard.unreadable),
                            every_s: seconds(guard.every),
                        });
                    }
                    Err(error) => found.evaluation("guard", &error),
                }
            }
        }
    }
}
