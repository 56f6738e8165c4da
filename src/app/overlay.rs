//! What lies over a pane: help, the command line, the filter line, questions.

use std::collections::BTreeSet;

use crate::app::command::{Command, REGISTRY};
use crate::app::line::{Line, Typed};
use crate::app::runs::confirm::Confirm;
use crate::app::runs::menu::Menu;
use crate::app::state::State;
use crate::config::keys::Chord;
use crate::domain::inventory::ScopeState;
use crate::domain::scope::ScopeName;
use crate::domain::text;

/// A layer over the pane; at most one at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// Keys and commands, scrolled by so many lines.
    Help(u16),
    /// A line of text with a purpose.
    Prompt(Prompt),
    /// A few lines to read, such as a console address.
    Card(Vec<String>),
    /// A few things that can be done.
    Menu(Menu),
    /// A change is confirmed by typing a word.
    Confirm(Box<Confirm>),
}

/// A line of text being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// What is typed.
    pub line: Line,
    /// What was typed before Tab began to complete it.
    stem: Option<String>,
}

/// What a prompt is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// A command.
    Command,
    /// A filter of rows; it holds while it is typed, and this was it before.
    Filter(String),
    /// The code of an MFA device.
    MfaCode(ScopeName),
    /// The estate's name, to allow changes.
    AllowWrites,
    /// An argument of a command of the logs.
    Argument(Command),
}

impl Prompt {
    /// An empty line, or one with text to edit.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self {
            purpose,
            line: Line::new(text),
            stem: None,
        }
    }

    /// What was typed, without what Tab made of it.
    pub fn stem(&self) -> &str {
        self.stem.as_deref().unwrap_or(&self.line.text)
    }

    /// Tab: the next of the candidates, which begin with what was typed.
    pub fn complete(&mut self, candidates: &[String]) {
        let stem = self.stem().to_owned();
        let next = candidates
            .iter()
            .position(|candidate| *candidate == self.line.text)
            .map_or(0, |index| (index + 1) % candidates.len());
        if let Some(next) = candidates.get(next) {
            self.line.set(next);
            self.stem = Some(stem);
        }
    }

    /// Takes a key in.
    pub fn key(&mut self, chord: Chord) -> Typed {
        let typed = self.line.key(chord);
        if typed == Typed::Edited {
            self.stem = None;
        }
        typed
    }

    /// Puts a character in.
    pub fn insert(&mut self, character: char) {
        self.stem = None;
        self.line.insert(character);
    }
}

/// Lines for `:` that begin with the text: names of commands; behind `theme`, `open`, `logs`
/// and `runbook` those of themes, resources, log groups and runbooks.
pub fn completions(state: &State, text: &str) -> Vec<String> {
    let Some((command, _)) = text.split_once(' ') else {
        return commands(text);
    };
    let names: BTreeSet<&str> = match command {
        "incident" => BTreeSet::from(["start ", "note ", "close", "export "]),
        "theme" => state.setup.themes.iter().map(String::as_str).collect(),
        "runbook" => state
            .runs
            .books
            .iter()
            .flatten()
            .map(|book| book.name.as_str())
            .collect(),
        "open" => state.picture.inventory.shown().flat_map(resources).collect(),
        "logs" => state.picture.inventory.shown().flat_map(log_groups).collect(),
        _ => return Vec::new(),
    };
    names
        .into_iter()
        .map(|name| format!("{command} {}", text::clean(name)))
        .filter(|line| line.starts_with(text))
        .collect()
}

fn commands(text: &str) -> Vec<String> {
    REGISTRY
        .iter()
        .map(|entry| entry.id)
        .filter(|id| id.starts_with(text))
        .map(ToOwned::to_owned)
        .collect()
}

fn log_groups(scope: &ScopeState) -> impl Iterator<Item = &str> {
    let groups = scope.log_groups.get().into_iter().flatten();
    groups.map(|group| group.name.as_str())
}

/// Names of what has a detail.
fn resources(scope: &ScopeState) -> impl Iterator<Item = &str> {
    let services = scope.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
    let groups = scope.groups.get().into_iter().flatten();
    let instances = scope.instances.get().into_iter().flatten();
    let databases = scope.db_instances.get().into_iter().flatten();
    let clusters = scope.db_clusters.get().into_iter().flatten();
    let caches = scope.caches.get().into_iter().flatten();
    let queues = scope.queues.get().into_iter().flatten();
    services
        .map(|one| &one.name)
        .chain(groups.map(|one| &one.name))
        .chain(instances.map(|one| &one.id))
        .chain(databases.map(|one| &one.name))
        .chain(clusters.map(|one| &one.name))
        .chain(caches.map(|one| &one.name))
        .chain(queues.map(|one| &one.name))
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_goes_through_all_that_begins_with_what_was_typed() {
        let mut prompt = Prompt::new(Purpose::Command, "sp");
        let tab = |prompt: &mut Prompt| prompt.complete(&commands(prompt.stem()));
        tab(&mut prompt);
        assert_eq!(prompt.line.text, "spend");
        let mut prompt = Prompt::new(Purpose::Command, "ne");
        let mut seen = Vec::new();
        for _ in 0..4 {
            tab(&mut prompt);
            seen.push(prompt.line.text.clone());
        }
        assert_eq!(seen, ["network", "next", "next-error", "next-match"]);
        tab(&mut prompt);
        assert_eq!(prompt.line.text, "network", "and round again");
        prompt.insert('x');
        assert_eq!(prompt.stem(), "networkx");
    }
}
