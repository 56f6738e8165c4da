//! Steps: names, order, and care.

use super::{Lint, Part, is_late};
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::expr::Known;
use crate::runbook::model::{Action, Arg, Block, Body, Presence, Runbook, Step, Undo, Use};
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
        self.belongs(step);
        match &step.body {
            Body::Action(action) => self.action(step, action, &known),
            Body::Block(block) => {
                self.when(step, &known);
                self.block(step, block, before);
            }
            Body::Use(used) => {
                self.when(step, &known);
                self.known_in_plan(
                    used.with.iter().flat_map(|input| input.arg.exprs()),
                    "a parameter of a used runbook",
                );
                self.used(used, &known);
            }
            Body::Check(check) => {
                self.when(step, &known);
                self.check(check, &known);
                self.known_in_plan(&check.for_each, "`for_each`");
                let deadline = self.runbook.limits.deadline;
                if check.within.is_some_and(|within| within > deadline) {
                    self.error(step.span, "this check may take longer than the run", "");
                }
            }
            Body::Pause(pause) => {
                self.when(step, &known);
                self.template(&pause.message, &known);
                if pause.timeout > self.runbook.limits.deadline {
                    self.error(
                        step.span,
                        "this pause is longer than the run may take",
                        "raise `limits.deadline`, or lower the timeout",
                    );
                }
            }
        }
    }

    /// Whether a step of this sort may stand in this list.
    fn belongs(&mut self, step: &Step) {
        let is_plain_block =
            |block: &Block| block.rescue.is_empty() && block.always.is_empty() && self.part != Part::Undo;
        let refused = match (&step.body, self.part) {
            (_, Part::Steps) | (Body::Action(_), _) => None,
            (Body::Pause(_), _) => Some((
                "a `pause` belongs to the steps that are tried",
                "nobody may be there to answer when this runs",
            )),
            (_, Part::Undo) => Some(("`undo` takes actions only", "")),
            (Body::Block(block), _) if !is_plain_block(block) => Some((
                "a block with `rescue` or `always` cannot stand in here",
                "put it under `steps`, or do without its `rescue` and `always`",
            )),
            (Body::Use(used), Part::Rescue | Part::Cleanup | Part::End) if has_parts(&used.runbook) => {
                Some((
                    "this runbook has blocks with `rescue` or `always`, or pauses, and cannot be used in here",
                    "use it under `steps`",
                ))
            }
            (Body::Block(_) | Body::Use(_) | Body::Check(_), _) => None,
        };
        if let Some((message, label)) = refused {
            self.error(step.span, message, label);
        }
        let Body::Action(action) = &step.body else { return };
        if self.part == Part::Undo {
            let refused = [
                (action.register.is_some(), "register"),
                (action.undo != Undo::Inverse, "undo"),
                (action.allow_failure.is_some(), "allow_failure"),
                (action.concurrency.max > 1, "concurrency"),
                (
                    action
                        .wait
                        .as_ref()
                        .is_some_and(|wait| wait.until.is_some() || wait.fails_if.is_some()),
                    "wait.until",
                ),
            ];
            for (_, key) in refused.iter().filter(|(given, _)| *given) {
                self.error(
                    step.span,
                    format!("`{key}` does not go with a step of `undo`"),
                    "what takes back is done one after the other, as carefully as can be",
                );
            }
        }
        if self.part == Part::End {
            self.late(step, action);
        }
    }

    /// What of a step at the end may depend on how the run went.
    fn late(&mut self, step: &Step, action: &Action) {
        self.known_in_plan(&action.for_each, "`for_each`");
        if action.for_each.is_some() {
            self.known_in_plan(&step.when, "the condition of a loop");
        }
        let schema = self.catalogue.get(&action.name).cloned();
        for input in &action.with {
            let takes_text = schema
                .as_ref()
                .and_then(|schema| schema.field(&input.name))
                .is_none_or(|field| field.ty == Type::Text && field.one_of.is_empty());
            let is_text = matches!(&input.arg.value, Arg::Expr(_) | Arg::Template(_)) && takes_text;
            if !is_text && input.arg.exprs().into_iter().any(is_late) {
                self.known_in_plan(input.arg.exprs(), "this");
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
            let (kept, part) = (self.results.len(), self.part);
            self.part = Part::Undo;
            self.steps(steps, Some(&Type::Any));
            self.part = part;
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
                    (None, None) if action.allow_failure != Some(true) => schema.result_type(),
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
        let part = self.part;
        self.doubt(first);
        self.part = Part::Rescue;
        self.steps(&block.rescue, before);
        self.doubt(tried);
        self.part = Part::Cleanup;
        self.steps(&block.always, before);
        self.part = part;
        if step.when.is_none() {
            // A run that goes on behind a block has done all of it: a rescued failure is one.
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
            let want = param.written_type();
            let is_resource = want != param.ty.value;
            if is_resource && input.arg.as_literal().is_some() {
                // Nothing lists what there is for a used runbook.
                let message = format!("{what}: a used runbook is given the resource itself, not its name");
                self.error(
                    input.arg.span,
                    message,
                    "declare a parameter of that type, and give it",
                );
            } else if self.arg(&input.arg, &want, known, &what) {
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
        self.within_used(used);
    }

    /// What a used runbook allows holds for whoever uses it.
    fn within_used(&mut self, used: &Use) {
        let (own, its) = (&self.runbook.target, &used.runbook.target);
        let name = quoted(&used.runbook.name);
        let values = |list: &[crate::runbook::model::Spanned<String>]| -> Vec<String> {
            list.iter().map(|item| item.value.clone()).collect()
        };
        let pairs = [
            ("account", values(&own.accounts), values(&its.accounts)),
            ("region", values(&own.regions), values(&its.regions)),
        ];
        for (what, own, its) in pairs {
            if own.is_empty() || its.is_empty() {
                continue;
            }
            let outside: Vec<&String> = own.iter().filter(|value| !its.contains(value)).collect();
            if outside.len() == own.len() {
                let message = format!("{name} may not run in any {what} of this runbook's `target`");
                self.error(used.name.span, message, format!("it may in {}", its.join(", ")));
            } else if let Some(first) = outside.first() {
                let message = format!("{name} may not run in {what} {first}, which `target` allows");
                self.warn(used.name.span, message, "there, the plan is refused");
            }
        }
        let (own, its) = (&self.runbook.limits, &used.runbook.limits);
        if its.deadline > own.deadline {
            let message = format!("{name} may take longer than this runbook");
            self.warn(
                used.name.span,
                message,
                "the deadline of the runbook that is run counts",
            );
        }
    }
}

/// Whether a runbook has parts that only belong to steps that are tried.
fn has_parts(runbook: &Runbook) -> bool {
    runbook.all_steps().into_iter().any(|step| match &step.body {
        Body::Block(block) => !block.rescue.is_empty() || !block.always.is_empty(),
        Body::Use(used) => has_parts(&used.runbook),
        Body::Pause(_) => true,
        Body::Action(_) | Body::Check(_) => false,
    })
}

/// The level that a runbook demands as a whole: of its actions, of what it uses, and its own.
fn floor_of(runbook: &Runbook, catalogue: &Catalogue) -> ConfirmLevel {
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
            Body::Block(_) | Body::Check(_) | Body::Pause(_) => ConfirmLevel::None,
        })
        .fold(own, ConfirmLevel::max)
}
