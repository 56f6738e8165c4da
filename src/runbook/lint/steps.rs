//! Steps: names, order, and care.

use super::Lint;
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::expr::Known;
use crate::runbook::model::{Action, Block, Body, Presence, Runbook, Step, Undo, Use};
use crate::runbook::schema::{ActionSchema, Catalogue, Completion, Risk, Role};
use crate::runbook::types::Type;

impl Lint<'_> {
    /// Looks at steps in their order. `before` is set for steps that undo another.
    pub(super) fn steps(&mut self, steps: &[Step], before: Option<&Type>) {
        for step in steps {
            self.step(step, before);
        }
    }

    fn step(&mut self, step: &Step, before: Option<&Type>) {
        let id = &step.id;
        if let Some(first) = self.ids.get(&id.value) {
            let diagnostic = Diagnostic::error(id.span, format!("two steps are called {}", quoted(id)))
                .label("each needs a name of its own")
                .related(*first, "the first of them");
            self.found.push(diagnostic);
        } else {
            self.ids.insert(id.value.clone(), id.span);
        }
        let mut known = self.known();
        if let Some(before) = before {
            known.set("before", before.clone());
        }
        match &step.body {
            Body::Action(action) => self.action(step, action, &known),
            Body::Block(block) => {
                self.when(step, &known);
                self.block(step, block, before);
            }
            Body::Use(used) => {
                self.when(step, &known);
                self.used(used, &known);
            }
        }
    }

    fn when(&mut self, step: &Step, known: &Known) {
        if let Some(when) = &step.when {
            self.condition(when, known);
            self.constant(when, step.span);
        }
    }

    fn action(&mut self, step: &Step, action: &Action, known: &Known) {
        let known = match &action.for_each {
            Some(list) => {
                let item = self.items(list, known);
                known.clone().with("each", item)
            }
            None => self.without_list(known, step.span),
        };
        self.when(step, &known);
        let schema = self.schema(&action.name, Role::Action);
        if let Some(schema) = &schema {
            self.inputs(&action.name, &action.with, schema, &known);
            self.demands(&action.name, schema);
            self.care(step, action, schema);
        } else {
            for input in &action.with {
                self.arg(&input.arg, &Type::Any, &known, "this");
            }
        }
        self.wait(action, schema.as_ref(), &known);
        if let Undo::Steps(steps) = &action.undo {
            let kept = self.results.len();
            self.steps(steps, Some(&Type::Any));
            self.results.truncate(kept);
        }
        self.register(step, action, schema.as_ref());
    }

    /// Concurrency, limits and time.
    fn care(&mut self, step: &Step, action: &Action, schema: &ActionSchema) {
        let limits = &self.runbook.limits;
        let at_once = action.concurrency.max;
        if action.for_each.is_none() {
            if at_once > 1 {
                self.error(
                    step.span,
                    "`concurrency` without `for_each`",
                    "there is only one thing to do",
                );
            }
            if action.stop_after_failures > 1 {
                self.error(
                    step.span,
                    "`stop_after_failures` without `for_each`",
                    "there is only one thing to do",
                );
            }
            return;
        }
        if let Some(most) = limits.max_targets
            && at_once > most
        {
            let message = format!("{at_once} at once, though the runbook may change {most} in all");
            self.error(
                step.span,
                message,
                "lower `concurrency`, or raise `limits.max_targets`",
            );
        }
        if schema.risk < Risk::Disruptive {
            return;
        }
        if at_once > 1 && action.concurrency.canary == 0 {
            self.warn(
                step.span,
                format!(
                    "{} works on {at_once} at once with none going first",
                    quoted(schema.name)
                ),
                "a `canary` of 1 shows on one what it would do to all",
            );
        }
        if limits.max_targets.is_none() {
            self.warn(
                step.span,
                format!("{} on a list without a limit", quoted(schema.name)),
                "say how many it may be at most: `limits: {max_targets: …}`",
            );
        }
    }

    fn wait(&mut self, action: &Action, schema: Option<&ActionSchema>, known: &Known) {
        let Some(wait) = &action.wait else {
            if let Some(schema) = schema
                && schema.completion == Completion::Awaited
                && !self.lost.broken.contains(&action.name.span)
            {
                let message = format!("{} goes on after the call and has no limit", quoted(schema.name));
                self.error(
                    action.name.span,
                    message,
                    "say how long it may take: `wait: {timeout: 20m}`",
                );
            }
            return;
        };
        let live = schema.map_or(Type::Any, ActionSchema::live_type);
        let known = known.clone().with("live", live);
        for expr in wait.until.iter().chain(&wait.fails_if) {
            self.condition(expr, &known);
        }
        let deadline = self.runbook.limits.deadline;
        if wait.timeout > deadline {
            let message = "this wait is longer than the run may take";
            let label = format!(
                "the deadline is {}: raise `limits.deadline`, or lower the timeout",
                crate::runbook::value::exact_duration(deadline)
            );
            self.error(action.name.span, message, label);
        }
        if let Some(schema) = schema
            && schema.completion == Completion::Immediate
            && wait.until.is_none()
        {
            let message = format!("{} is over when its call returns", quoted(schema.name));
            self.warn(
                action.name.span,
                message,
                "there is nothing to wait for: remove `wait`, or say `until`",
            );
        }
    }

    fn register(&mut self, step: &Step, action: &Action, schema: Option<&ActionSchema>) {
        let Some(register) = &action.register else {
            return;
        };
        let first = self.registers.get(&register.value).map(|(_, span)| *span);
        if let Some(first) = first.filter(|first| *first != register.span) {
            let message = format!("{} is registered twice", quoted(register));
            self.found.push(
                Diagnostic::error(register.span, message)
                    .label("each result needs a name of its own")
                    .related(first, "first registered here"),
            );
            return;
        }
        let ty = match schema {
            None => Type::Any,
            Some(schema) => {
                if schema.outputs.is_empty() {
                    let message = format!("{} gives nothing", quoted(schema.name));
                    self.error(register.span, message, "remove `register`");
                }
                match (&action.for_each, &step.when) {
                    // Items that were skipped or failed are not in it.
                    (Some(_), _) => Type::list(schema.result_type()),
                    (None, None) if !action.allow_failure => schema.result_type(),
                    (None, _) => Type::optional(schema.result_type()),
                }
            }
        };
        self.results.push((register.value.clone(), ty));
    }

    fn block(&mut self, step: &Step, block: &Block, before: Option<&Type>) {
        if block.rescue.is_empty() && block.always.is_empty() {
            self.warn(
                step.span,
                "a `block` without `rescue` and `always`",
                "its steps can stand alone",
            );
        }
        let first = self.results.len();
        self.steps(&block.steps, before);
        let tried = self.results.len();
        if block.rescue.is_empty() && block.always.is_empty() && step.when.is_none() {
            return;
        }
        // Whoever comes after a failure cannot rely on what was to be done before it.
        let sure: Vec<(String, Type)> = self.results[first..tried].to_vec();
        self.doubt(first);
        self.steps(&block.rescue, before);
        self.doubt(tried);
        self.steps(&block.always, before);
        if block.rescue.is_empty() && step.when.is_none() {
            // Behind a block that nothing rescues, all of it was done.
            self.results.splice(first..tried, sure);
        } else {
            self.doubt(first);
        }
    }

    /// From this result on, none is sure to be there.
    fn doubt(&mut self, from: usize) {
        for (_, ty) in &mut self.results[from..] {
            *ty = Type::optional(ty.clone());
        }
    }

    fn used(&mut self, used: &Use, known: &Known) {
        let runbook = used.runbook.clone();
        for input in &used.with {
            let Some(param) = runbook.param(&input.name) else {
                let names = || runbook.params.iter().map(|param| param.name.as_str());
                let guess = nearest(&input.name, names());
                let message = format!(
                    "{} has no parameter {}",
                    quoted(&runbook.name),
                    quoted(&input.name)
                );
                let all: Vec<&str> = names().collect();
                self.found.push(
                    Diagnostic::error(input.name.span, message)
                        .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")))
                        .note(format!("it has {}", all.join(", "))),
                );
                continue;
            };
            let what = format!("`{}`", *param.name);
            // A resource is given whole, or by its name.
            let want = param.written_type();
            if self.arg(&input.arg, &want, known, &what) {
                self.literal_fits(param, &input.arg);
            }
        }
        for param in &runbook.params {
            let is_given = used.with.iter().any(|input| input.name.value == param.name.value);
            if param.presence == Presence::Required && !is_given {
                let message = format!("{} needs `{}`", quoted(&runbook.name), *param.name);
                self.error(used.name.span, message, param.about.clone());
            }
        }
        let level = floor_of(&runbook, self.catalogue);
        self.demand(level, &runbook.name, &used.name);
    }
}

/// The level that a runbook demands as a whole: of its actions, of what it uses, and its own.
pub fn floor_of(runbook: &Runbook, catalogue: &Catalogue) -> ConfirmLevel {
    let own = runbook
        .confirm
        .level
        .map_or(ConfirmLevel::None, |level| level.value);
    runbook
        .all_steps()
        .into_iter()
        .map(|step| match &step.body {
            Body::Action(action) => catalogue
                .get(&action.name)
                .map_or(ConfirmLevel::None, |schema| schema.floor),
            Body::Use(used) => floor_of(&used.runbook, catalogue),
            Body::Block(_) => ConfirmLevel::None,
        })
        .fold(own, ConfirmLevel::max)
}
