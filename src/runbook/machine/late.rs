//! What is only known once the run has come to its end: `run.status` and `run.summary`, for the steps
//! that always run then. What they stand in is part of the sealed plan, and is evaluated here, once.

use super::{Happening, Out, Run};
use crate::runbook::action::Change;
use crate::runbook::check;
use crate::runbook::expr::{Expr, Names, Place, Text};
use crate::runbook::plan::Late;
use crate::runbook::value::Value;

impl Run {
    /// What expressions of a step see while the run is under way.
    pub(super) fn names_of_step(&self, step: Option<usize>) -> Names<'static> {
        let mut names = Names::new();
        let own = step
            .and_then(|step| self.plan().steps.get(step))
            .map(|step| &step.names);
        for (name, value) in self.plan().names.iter().chain(own.into_iter().flatten()) {
            names.set(name.clone(), value.clone());
        }
        names
    }

    /// The same for steps at the end, with how the run went.
    fn names_at_the_end(&mut self, step: Option<usize>) -> Names<'static> {
        let (status, summary) = self.outcome_so_far();
        let mut names = self.names_of_step(step);
        let mut run = match names.get("run") {
            Some(Value::Map(run)) => run.clone(),
            _ => std::collections::BTreeMap::new(),
        };
        run.insert("status".to_owned(), Value::text(status.word()));
        run.insert("summary".to_owned(), Value::text(summary));
        names.set("run", Value::Map(run));
        names
    }

    /// A change with the arguments that are known by now.
    pub(super) fn with_late(&mut self, place: usize, mut change: Change) -> Change {
        let late = match self.ledger.lane_of(place) {
            Some(lane) if !lane.late.is_empty() => lane.late.clone(),
            _ => return change,
        };
        let names = self.names_at_the_end(self.ledger.index_of(place));
        for (field, late) in late {
            // What cannot be evaluated is left as the plan showed it: it is a text for people.
            if let Some(text) = evaluate(&late, &names) {
                change.with.insert(field, serde_json::Value::String(text));
            }
        }
        change
    }

    /// Whether a step at the end is to be done, as far as that depends on how the run went.
    pub(super) fn is_wanted(&mut self, step: usize, out: &mut Out) -> bool {
        let Some(when) = self.plan().steps.get(step).and_then(|step| step.when.clone()) else {
            return true;
        };
        match check::holds(&when, &self.names_at_the_end(Some(step))) {
            Ok(holds) => holds,
            Err(error) => {
                Self::emit(Happening::Warning(format!("`{when}`: {error}")), out);
                false
            }
        }
    }
}

fn evaluate(late: &Late, names: &Names<'_>) -> Option<String> {
    match late {
        Late::Expr(source) => {
            let value = Expr::parse(source, Place::own()).ok()?.evaluate(names).ok()?;
            Some(value.to_string())
        }
        Late::Text(source) => match Text::parse(source, Place::own()).ok()? {
            Text::Plain(text) => Some(text),
            Text::Expr(expr) => Some(expr.evaluate(names).ok()?.to_string()),
            Text::Template(template) => template.evaluate(names).ok(),
        },
    }
}
