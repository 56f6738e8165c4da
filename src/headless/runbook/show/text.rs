//! A runbook as a person reads it.

use super::{CheckRow, ParamRow, Shown, StepRow};
use crate::domain::policy::ConfirmLevel;
use crate::domain::text::{clean, clean_multiline};
use crate::headless::out::Page;
use crate::headless::table::{Cell, Column, Table};
use crate::runbook::schema::Risk;

impl Shown {
    pub(super) fn as_text(&self, page: &Page) -> String {
        let mut blocks = vec![format!("{}: {}", clean(&self.name), clean(&self.title))];
        if !self.description.is_empty() {
            blocks.push(clean_multiline(&self.description).into_owned());
        }
        blocks.push(self.facts().join("\n"));
        if !self.params.is_empty() {
            blocks.push(self.parameters(page));
        }
        blocks.push(Self::outline("STEPS", &self.steps, page));
        for (title, checks) in [("BEFORE", &self.preconditions), ("PROVEN BY", &self.verify)] {
            if !checks.is_empty() {
                blocks.push(format!("{title}\n{}", lines(checks.iter().map(check))));
            }
        }
        if !self.guards.is_empty() {
            blocks.push(format!("STOPPED BY\n{}", lines(self.guards.iter().cloned())));
        }
        if !self.always.is_empty() {
            blocks.push(Self::outline("ALWAYS", &self.always, page));
        }
        let blocks: Vec<&str> = blocks.iter().map(|block| block.trim_end()).collect();
        blocks.join("\n\n") + "\n"
    }

    fn facts(&self) -> Vec<String> {
        let level = match (self.confirm, self.confirm_at_most) {
            (_, ConfirmLevel::None) => "nothing to confirm",
            (_, ConfirmLevel::Ack) => "type apply (--yes)",
            (ConfirmLevel::TypeName, ConfirmLevel::TypeName) => {
                "type the name of the resource that suffers most (--confirm-name)"
            }
            (ConfirmLevel::None | ConfirmLevel::Ack, ConfirmLevel::TypeName) => {
                "type apply (--yes); the name of the resource that suffers most (--confirm-name) \
                 where a step that wants it is done"
            }
        };
        let mut facts = vec![
            format!("from       {}", clean(&self.file)),
            format!("confirm    {level}, unless the estate or the plan demands more"),
            format!(
                "time       {}, rollback {}; a plan can be confirmed for {}",
                self.limits.deadline, self.limits.rollback_deadline, self.plan_expires
            ),
        ];
        let limits = [
            (self.limits.max_targets, "resources changed"),
            (self.limits.max_removed, "instances, tasks or nodes taken away"),
            (self.limits.max_runs_per_hour, "runs per hour"),
        ];
        let limits: Vec<String> = limits
            .into_iter()
            .filter_map(|(most, what)| Some(format!("{} {what}", most?)))
            .collect();
        if !limits.is_empty() {
            facts.push(format!("at most    {}", limits.join(", ")));
        }
        for (title, allowed) in [("accounts", &self.accounts), ("regions", &self.regions)] {
            if !allowed.is_empty() {
                facts.push(format!(
                    "{title:<10} {} and no others",
                    clean(&allowed.join(", "))
                ));
            }
        }
        let policy = match self.on_failure {
            "stop" => "stop and say what state remains",
            _ => "put back what has begun",
        };
        facts.push(format!("on failure {policy}"));
        if let Some(owner) = &self.owner {
            facts.push(format!("owner      {}", clean(owner)));
        }
        facts
    }

    fn parameters(&self, page: &Page) -> String {
        let mut table = Table::new([
            Column::fixed("PARAMETER"),
            Column::words("TYPE", 10),
            Column::words("IF NOT GIVEN", 10),
            Column::words("ABOUT", 20).sheds(1),
        ]);
        for param in &self.params {
            let ty = if param.one_of.is_empty() {
                param.ty.clone()
            } else {
                param.one_of.join("|")
            };
            let otherwise = match (&param.default, param.required) {
                (_, true) => "must be given".to_owned(),
                (Some(default), _) => default.clone(),
                (None, false) => param.from.clone().unwrap_or_else(|| "nothing".to_owned()),
            };
            table.row([
                Cell::new(&param.name),
                Cell::new(ty),
                Cell::new(otherwise),
                Cell::new(about(param)),
            ]);
        }
        table.render(page.width, page.paint)
    }

    fn outline(title: &'static str, steps: &[StepRow], page: &Page) -> String {
        let mut table = Table::new([
            Column::words(title, 10),
            Column::fixed("DOES"),
            Column::words("FOR EACH", 8).sheds(2),
            Column::fixed("RISK"),
            Column::fixed("AT MOST").sheds(1),
            Column::words("ONLY IF", 10).sheds(3),
        ]);
        for step in steps {
            let risk = match step.risk {
                None => "",
                Some(Risk::Read) => "none",
                Some(Risk::Reversible) => "reversible",
                Some(Risk::Disruptive) => "disruptive",
                Some(Risk::Irreversible) => "irreversible",
            };
            // Cells are trimmed; a mark in front survives that.
            let indent = "· ".repeat(step.depth);
            table.row([
                Cell::new(format!("{indent}{}", step.id)),
                Cell::new(&step.does),
                Cell::new(step.for_each.as_deref().unwrap_or_default()),
                Cell::new(risk),
                Cell::new(step.timeout.as_deref().unwrap_or_default()),
                Cell::new(step.when.as_deref().unwrap_or_default()),
            ]);
        }
        table.render(page.width, page.paint)
    }
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("  {}\n", clean(&item))).collect()
}

fn check(check: &CheckRow) -> String {
    let each = check
        .for_each
        .as_ref()
        .map_or_else(String::new, |list| format!(" for each of {list}"));
    let only = if check.severity == "warn" {
        " (a warning only)"
    } else {
        ""
    };
    format!("{}{each}{only}", check.check)
}

/// What a parameter is, and what its values mean.
fn about(param: &ParamRow) -> String {
    let meanings: Vec<String> = param
        .one_of
        .iter()
        .filter_map(|value| Some(format!("{value}: {}", param.meanings.get(value)?)))
        .collect();
    if meanings.is_empty() {
        param.about.clone()
    } else {
        format!("{}; {}", param.about, meanings.join("; "))
    }
}
