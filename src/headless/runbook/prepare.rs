//! From a runbook's name and what was given to a plan, asking a person for what is missing where there
//! is one.

use std::sync::Arc;

use crate::domain::diagnostic::quoted;
use crate::engine::run::{Preparation, Prepared, Resolution};
use crate::headless::Exit;
use crate::headless::runbook::desk::Bench;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::keyboard::Keyboard;
use crate::runbook::machine::exit_of;
use crate::runbook::model::{Param, Runbook};
use crate::runbook::params::{ENVIRONMENT_PREFIX, Given, Layer, Resolved, Sources, Unresolved};
use crate::runbook::plan::Plan;
use crate::runbook::schema::Catalogue;
use crate::runbook::tell::{Line, Role};
use crate::runbook::types::Type;
use crate::runbook::value::{SecretRef, Value};
use crate::runbook::{File, Library, load};

/// How many candidates are listed when somebody is asked.
const SHOWN: usize = 20;

/// What is to be planned.
pub struct Order {
    /// The runbook.
    pub runbook: Arc<Runbook>,
    /// Its parameters, as far as they were given.
    pub given: Given,
    /// Why, in a person's words.
    pub reason: Option<String>,
}

/// What was given for the parameters.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// `--set`, in order.
    pub set: Vec<(String, String)>,
    /// `--params-file`: its name and content.
    pub file: Option<(String, Vec<u8>)>,
}

/// A runbook that can be used.
pub fn loaded(file: &File, library: &dyn Library, catalogue: &Catalogue) -> Result<Arc<Runbook>, Failure> {
    match load(file, library, catalogue) {
        Ok(loaded) => Ok(loaded.runbook),
        Err(unusable) => Err(Failure::usage(unusable.to_string())),
    }
}

/// The parameters that were given, read as the runbook wants them.
pub fn given(runbook: &Runbook, parameters: &Parameters, bench: &Bench) -> Result<Given, Failure> {
    let sources = Sources {
        set: &parameters.set,
        file: parameters
            .file
            .as_ref()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        environment: Some(bench.place.environment.variables()),
    };
    Given::read(runbook, sources).map_err(|invalid| Failure::usage(invalid.to_string()))
}

/// Resolves and plans. Nothing is changed.
pub async fn prepare(bench: &Bench, order: Order, keyboard: &mut Keyboard) -> Result<Prepared, Failure> {
    let scope = bench.only_scope()?;
    let identity = bench.identify(&scope).await?;
    let who = bench.place.who(&identity.arn);
    let site = bench.site(scope, identity);
    let mut preparation = bench.engine.prepare(site, order.runbook.clone());
    let resolved = resolve(bench, &mut preparation, order.given, keyboard).await?;
    let prepared = preparation
        .plan(&resolved, (&who, order.reason.as_deref()))
        .await
        .map_err(|refused| Failure {
            exit: refused.exit,
            reasons: refused.reasons,
        })?;
    for caution in &prepared.cautions {
        bench.place.teller.warn(caution);
    }
    attended(&prepared.plan, bench.place.can_ask())?;
    Ok(prepared)
}

/// Refuses a plan that waits for a person where nobody can be asked: it would stop half done.
pub fn attended(plan: &Plan, can_ask: bool) -> Result<(), Failure> {
    match plan.first_pause() {
        Some(step) if !can_ask && !plan.is_empty() => Err(Failure::new(
            Exit::NeedsTerminal,
            format!(
                "{} waits for a person at {}, and there is no terminal to ask at",
                plan.runbook.name, step.id
            ),
        )),
        Some(_) | None => Ok(()),
    }
}

async fn resolve(
    bench: &Bench,
    preparation: &mut Preparation,
    mut given: Given,
    keyboard: &mut Keyboard,
) -> Result<Resolved, Failure> {
    loop {
        let resolution = preparation.resolve(given.clone()).await;
        let unresolved = match &resolution.result {
            Ok(resolved) => return Ok(resolved.clone()),
            Err(unresolved) => unresolved,
        };
        if !unresolved.unlisted.is_empty() && unresolved.problems.is_empty() {
            return Err(unlisted(unresolved));
        }
        let runbook = preparation.runbook().clone();
        let asked = |problem: &crate::runbook::params::Problem| problem.layer == Layer::Asked;
        // What somebody has just typed is asked for once more; all else is for whoever gave it.
        let again: Vec<String> = unresolved
            .problems
            .iter()
            .filter(|problem| asked(problem))
            .map(|problem| problem.param.clone())
            .collect();
        if !unresolved.problems.iter().all(asked) {
            return Err(wrong(unresolved));
        }
        if !bench.place.can_ask() {
            return Err(missing(unresolved));
        }
        for problem in &unresolved.problems {
            bench.place.teller.warn(problem.to_string());
        }
        for name in again.iter().chain(&unresolved.missing) {
            let Some(param) = runbook.param(name) else {
                continue;
            };
            if param.ty.value == Type::Secret {
                // A plan names its place alone; it is typed once something is to be carried out.
                given
                    .asked(param, "")
                    .map_err(|problem| Failure::usage(problem.to_string()))?;
                continue;
            }
            ask(bench, (param, &resolution), &mut given, keyboard).await?;
        }
    }
}

/// Asks for the secrets that somebody is to type for a plan, and gives them to the engine: they are nowhere
/// else. A plan without such asks nothing.
pub async fn secrets(bench: &Bench, plan: &Plan, keyboard: &mut Keyboard) -> Result<(), Failure> {
    let teller = &bench.place.teller;
    if plan.is_empty() {
        return Ok(());
    }
    for place in crate::engine::run::secrets::wanted(plan) {
        let SecretRef::Asked(name) = &place else { continue };
        if !bench.place.can_ask() {
            return Err(Failure::new(
                Exit::NeedsTerminal,
                format!(
                    "the secret {} is to be typed, and there is no terminal: plan with {}{} set instead",
                    quoted(name),
                    ENVIRONMENT_PREFIX,
                    name.to_ascii_uppercase()
                ),
            ));
        }
        teller.say([Line::of(Role::Key, name).with(Role::Dim, " (a secret, not shown)")]);
        match keyboard.secret(|| teller.ask("> ")).await {
            Some(secret) if !secret.is_empty() => bench.engine.know_secret(place, secret),
            _ => {
                return Err(Failure::new(
                    Exit::Declined,
                    format!("no value was given for {name}"),
                ));
            }
        }
    }
    Ok(())
}

/// Asks for one parameter until what is typed can be read.
async fn ask(
    bench: &Bench,
    (param, resolution): (&Param, &Resolution),
    given: &mut Given,
    keyboard: &mut Keyboard,
) -> Result<(), Failure> {
    let teller = &bench.place.teller;
    let scope = bench.only_scope()?;
    let mut lines = vec![
        Line::of(Role::Key, &param.name.value)
            .with(Role::Plain, format!(": {}", param.about))
            .with(
                Role::Dim,
                format!(" ({}, in {})", param.ty.value.words(), scope.name),
            ),
    ];
    let field = resolution
        .fields
        .iter()
        .find(|field| field.param == param.name.value);
    if let Some(candidates) = field.and_then(|field| field.candidates.as_ref()) {
        lines.extend(
            candidates
                .iter()
                .take(SHOWN)
                .map(|candidate| Line::indented(2).with(Role::Plain, name_of(candidate))),
        );
        if candidates.len() > SHOWN {
            let more = format!("and {} more", candidates.len() - SHOWN);
            lines.push(Line::indented(2).with(Role::Dim, more));
        }
    }
    if let Some(gap) = field.and_then(|field| field.gap.as_ref()) {
        let gap = format!("perhaps more: not all could be listed: {gap}");
        lines.push(Line::indented(2).with(Role::Dim, gap));
    }
    loop {
        teller.say(lines.clone());
        match keyboard.line(|| teller.ask("> ")).await {
            None => return Err(declined(param)),
            Some(text) if text.is_empty() => return Err(declined(param)),
            Some(text) => match given.asked(param, &text) {
                Ok(()) => return Ok(()),
                Err(problem) => teller.warn(problem.to_string()),
            },
        }
    }
}

fn declined(param: &Param) -> Failure {
    Failure::new(
        Exit::Declined,
        format!("no value was given for {}", param.name.value),
    )
}

fn name_of(candidate: &Value) -> String {
    match candidate {
        Value::Resource(resource) => resource.name.clone(),
        other => other.to_string(),
    }
}

fn wrong(unresolved: &Unresolved) -> Failure {
    let mut reasons: Vec<String> = unresolved.problems.iter().map(ToString::to_string).collect();
    reasons.extend(unresolved.unlisted.iter().map(ToString::to_string));
    reasons.extend(unresolved.missing.iter().map(|name| needed(name)));
    Failure {
        exit: Exit::Usage,
        reasons,
    }
}

/// Nothing is wrong with what was given: AWS did not say what there is.
fn unlisted(unresolved: &Unresolved) -> Failure {
    let exits = unresolved.unlisted.iter();
    let exits = exits.map(|unlisted| unlisted.class.map_or(Exit::Internal, exit_of));
    Failure {
        exit: Exit::worst(exits),
        reasons: unresolved.unlisted.iter().map(ToString::to_string).collect(),
    }
}

fn missing(unresolved: &Unresolved) -> Failure {
    Failure {
        exit: Exit::NeedsTerminal,
        reasons: unresolved.missing.iter().map(|name| needed(name)).collect(),
    }
}

fn needed(name: &str) -> String {
    format!(
        "parameter {} is needed: pass --set {name}=…, or set {}{}",
        quoted(name),
        ENVIRONMENT_PREFIX,
        name.to_ascii_uppercase()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::action::ErrorClass;
    use crate::runbook::params::Unlisted;

    #[test]
    fn a_listing_that_aws_refused_is_no_wrong_value() {
        for (class, exit) in [
            (ErrorClass::Throttled, Exit::Precondition),
            (ErrorClass::Server, Exit::Precondition),
            (ErrorClass::Timeout, Exit::Deadline),
            (ErrorClass::Unreachable, Exit::Deadline),
            (ErrorClass::Denied, Exit::Credentials),
        ] {
            let unresolved = Unresolved {
                unlisted: vec![Unlisted {
                    param: "cluster".to_owned(),
                    class: Some(class),
                    message: "what there is could not be listed".to_owned(),
                }],
                ..Unresolved::default()
            };
            let failure = unlisted(&unresolved);
            assert_eq!(failure.exit, exit, "{class:?}");
            assert!(failure.reasons[0].contains("`cluster`"), "{failure:?}");
        }
    }
}
