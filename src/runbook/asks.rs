//! What a runbook's plans will ask of whoever confirms them, as far as that can be told before they are
//! made: the same words in lists, in what is shown of a runbook and in the console.

use std::collections::BTreeSet;

use super::action::find;
use super::model::{Action, Arg, Body, Runbook, Step};
use super::schema::Catalogue;
use crate::domain::policy::ConfirmLevel;

/// The least and the most that plans of a runbook ask for by themselves. An estate may demand more, and so
/// may what a plan finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asks {
    /// What every plan asks for.
    pub least: ConfirmLevel,
    /// What a plan asks for in which every step that depends on a condition is done.
    pub most: ConfirmLevel,
}

impl Asks {
    /// Nothing at all.
    pub const NOTHING: Self = Self {
        least: ConfirmLevel::None,
        most: ConfirmLevel::None,
    };

    /// The same in a few words beside an offer; nothing where `apply` is enough, as for most.
    pub const fn note(self) -> &'static str {
        match (self.least, self.most) {
            (_, ConfirmLevel::None | ConfirmLevel::Ack) => "",
            (ConfirmLevel::TypeName, ConfirmLevel::TypeName) => "asks for the name",
            (ConfirmLevel::None | ConfirmLevel::Ack, ConfirmLevel::TypeName) => "asks for apply or the name",
        }
    }

    /// What is to be typed, in a column.
    pub const fn word(self) -> &'static str {
        match (self.least, self.most) {
            (_, ConfirmLevel::None) => "nothing",
            (_, ConfirmLevel::Ack) => "apply",
            (ConfirmLevel::TypeName, ConfirmLevel::TypeName) => "name",
            (ConfirmLevel::None | ConfirmLevel::Ack, ConfirmLevel::TypeName) => "apply or name",
        }
    }
}

/// What plans of a runbook will ask for.
pub fn asks_of(runbook: &Runbook, catalogue: &Catalogue) -> Asks {
    let own = runbook
        .confirm
        .level
        .map_or(ConfirmLevel::None, |level| level.value);
    let mut tally = Tally::default();
    let mut made = BTreeSet::new();
    for step in runbook.steps.iter().chain(&runbook.always) {
        tally.step(step, Done::Always, (&mut made, catalogue));
    }
    // Where every step has a condition, some of them are done: the plan of none asks nothing.
    let least = tally
        .always
        .or(tally.sometimes_least)
        .unwrap_or(ConfirmLevel::None);
    Asks {
        least: least.max(own),
        most: tally.most.max(own),
    }
}

/// Whether a step is part of every plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Always,
    Sometimes,
}

#[derive(Default)]
struct Tally {
    /// The most that steps ask for which every plan has.
    always: Option<ConfirmLevel>,
    /// The least that steps ask for which only some plans have.
    sometimes_least: Option<ConfirmLevel>,
    most: ConfirmLevel,
}

impl Tally {
    fn step(&mut self, step: &Step, done: Done, (made, catalogue): (&mut BTreeSet<String>, &Catalogue)) {
        let done = if step.when.is_some() {
            Done::Sometimes
        } else {
            done
        };
        match &step.body {
            Body::Action(action) => {
                let Some(schema) = catalogue.get(&action.name) else {
                    return;
                };
                let of_new = named(action, "instance").is_some_and(|name| made.contains(&name));
                let floor = match find(schema.name) {
                    Some(known) if of_new => known.floor_of_new(),
                    Some(_) | None => schema.floor,
                };
                made.extend(named(action, "new_instance"));
                self.note(
                    Asks {
                        least: floor,
                        most: floor,
                    },
                    done,
                );
            }
            Body::Use(used) => self.note(asks_of(&used.runbook, catalogue), done),
            Body::Block(block) => {
                for inner in &block.steps {
                    self.step(inner, done, (made, catalogue));
                }
                for inner in block.rescue.iter().chain(&block.always) {
                    self.step(inner, done, (made, catalogue));
                }
            }
            Body::Check(_) | Body::Pause(_) => {}
        }
    }

    fn note(&mut self, asks: Asks, done: Done) {
        self.most = self.most.max(asks.most);
        match done {
            Done::Always => self.always = self.always.max(Some(asks.least)),
            Done::Sometimes => {
                let least = self
                    .sometimes_least
                    .map_or(asks.least, |least| least.min(asks.least));
                self.sometimes_least = Some(least);
            }
        }
    }
}

/// An argument as it is written, apart from where.
fn named(action: &Action, field: &str) -> Option<String> {
    let input = action.with.iter().find(|input| input.name.value == field)?;
    match &input.arg.value {
        Arg::Literal(value) => Some(value.to_string()),
        Arg::Expr(expr) => Some(format!("${{{}}}", expr.source())),
        Arg::Template(template) => Some(template.source()),
        Arg::List(_) | Arg::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{NoLibrary, catalogue, load, shipped};

    fn word(name: &str) -> &'static str {
        let file = shipped::get(name).unwrap();
        let runbook = load(&file, &NoLibrary, catalogue()).unwrap().runbook;
        asks_of(&runbook, catalogue()).word()
    }

    #[test]
    fn a_list_says_what_plans_will_ask() {
        for (name, asks) in [
            ("ecs-scale", "apply"),
            ("gpu-night-down", "apply"),
            // The copy that it restarts and removes is its own.
            ("dr-drill", "apply"),
            ("rds-restart", "name"),
            ("rds-reboot-failover", "name"),
            ("redis-failover", "name"),
            // With `swap` names change.
            ("restore-rds-snapshot", "apply or name"),
            ("restore-rds-point-in-time", "apply or name"),
        ] {
            assert_eq!(word(name), asks, "{name}");
        }
    }
}
