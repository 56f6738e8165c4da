//! What a runbook's file looks like: every key with its meaning, in one table. The check of a file,
//! the JSON schema and the reference in the documentation are all made from it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::model::{ErrorClass, Source};
use super::types::NAMEABLE;
use crate::domain::document::{Field, Schema, Shape};

/// The version of the format.
pub const API_VERSION: &str = "quarterdeck/v1";

/// Names of shapes that are used in several places, in the order of the documentation.
pub const NAMED: [&str; 14] = [
    "Param",
    "From",
    "Target",
    "Limits",
    "Offer",
    "Check",
    "Guard",
    "Confirm",
    "Step",
    "Concurrency",
    "Retry",
    "Backoff",
    "Wait",
    "Afterwards",
];

fn text() -> Shape {
    Shape::Text
}

fn words(words: &[&str]) -> Shape {
    Shape::Choice(words.iter().map(|word| (*word).to_owned()).collect())
}

fn count(least: i64) -> Shape {
    Shape::Whole {
        min: least,
        max: 100_000,
    }
}

fn list(of: Shape, at_least: usize) -> Shape {
    Shape::List {
        of: Box::new(of),
        at_least,
    }
}

fn named(name: &str) -> Shape {
    Shape::Named(name.to_owned())
}

/// `true`, `false` or an expression.
fn condition() -> Shape {
    Shape::Either(vec![Shape::Switch, text()])
}

fn anything_by_name() -> Shape {
    Shape::Table(Box::new(Shape::Anything))
}

fn required(name: &str, shape: Shape, about: &str) -> Field {
    Field {
        name: name.to_owned(),
        required: true,
        about: about.to_owned(),
        shape,
    }
}

fn optional(name: &str, shape: Shape, about: &str) -> Field {
    Field {
        required: false,
        ..required(name, shape, about)
    }
}

fn optional_text(name: &str, about: &str) -> Field {
    optional(name, text(), about)
}

/// A list of a named shape with at least so many items.
fn optional_list(name: &str, (of, at_least): (&str, usize), about: &str) -> Field {
    optional(name, list(named(of), at_least), about)
}

/// The shape of a runbook.
pub fn shape() -> &'static Schema {
    static SHAPE: LazyLock<Schema> = LazyLock::new(|| Schema {
        root: Shape::Record(root()),
        named: named_shapes(),
    });
    &SHAPE
}

/// The same with nothing that must be there: what a file with mistakes is read with, so that a part
/// that is missing does not hide mistakes in the others.
pub(super) fn lenient_shape() -> &'static Schema {
    static SHAPE: LazyLock<Schema> = LazyLock::new(|| {
        let schema = shape();
        Schema {
            root: lenient(&schema.root),
            named: schema
                .named
                .iter()
                .map(|(name, shape)| (name.clone(), lenient(shape)))
                .collect(),
        }
    });
    &SHAPE
}

fn lenient(shape: &Shape) -> Shape {
    match shape {
        Shape::Record(fields) => Shape::Record(
            fields
                .iter()
                .map(|field| Field {
                    required: false,
                    shape: lenient(&field.shape),
                    ..field.clone()
                })
                .collect(),
        ),
        Shape::List { of, .. } => list(lenient(of), 0),
        Shape::Table(of) => Shape::Table(Box::new(lenient(of))),
        Shape::Optional(of) => Shape::Optional(Box::new(lenient(of))),
        Shape::Either(shapes) => Shape::Either(shapes.iter().map(lenient).collect()),
        other => other.clone(),
    }
}

fn root() -> Vec<Field> {
    vec![
        required("apiVersion", words(&[API_VERSION]), "Version of the format."),
        required("kind", words(&["Runbook"]), "What the file is."),
        required(
            "name",
            text(),
            "Name on the command line: small letters, digits and `-`.",
        ),
        required("title", text(), "What it does, in a sentence."),
        optional_text("description", "What an operator must know before using it."),
        optional_text("owner", "Who keeps it."),
        optional(
            "params",
            Shape::Table(Box::new(named("Param"))),
            "What it can be told, by name.",
        ),
        optional(
            "target",
            named("Target"),
            "The only accounts and regions in which it may run.",
        ),
        optional(
            "limits",
            named("Limits"),
            "What it must never exceed. A plan beyond a limit is refused.",
        ),
        optional(
            "offers",
            list(named("Offer"), 0),
            "Resources and findings for which the console offers it, parameters filled in.",
        ),
        optional_list(
            "preconditions",
            ("Check", 0),
            "What must hold before anything is changed. Looked at in the plan and again right before the first change.",
        ),
        optional(
            "guards",
            list(named("Guard"), 0),
            "What is watched during the run, and stops it.",
        ),
        optional(
            "confirm",
            named("Confirm"),
            "What a person must do before the run.",
        ),
        required("steps", list(named("Step"), 1), "What is done, in order."),
        optional_list(
            "verify",
            ("Check", 0),
            "What must hold at the end. If it does not, the run has failed.",
        ),
        optional(
            "on_failure",
            words(&["rollback", "stop"]),
            "What happens to a run that fails, trips a guard or is interrupted. `rollback`, the default, puts back in reverse what has begun; `stop` leaves it and says what state remains.",
        ),
        optional_list(
            "always",
            ("Step", 0),
            "What is done at the end whatever happened. It cannot change the verdict.",
        ),
        optional_list(
            "afterwards",
            ("Afterwards", 0),
            "Runbooks that are offered once a run has succeeded, parameters filled in: in the console under a key, else as commands, in the result as `afterwards`.",
        ),
    ]
}

fn named_shapes() -> BTreeMap<String, Shape> {
    let shapes = [
        ("Param", param()),
        ("From", from()),
        (
            "Target",
            vec![
                optional(
                    "accounts",
                    list(text(), 1),
                    "Account ids, twelve digits in quotes.",
                ),
                optional("regions", list(text(), 1), "Regions."),
            ],
        ),
        ("Limits", limits()),
        ("Offer", offer()),
        ("Check", check()),
        ("Guard", guard()),
        (
            "Confirm",
            vec![
                optional(
                    "level",
                    words(&["none", "ack", "type_name", "two_person"]),
                    "The least that a person must do: nothing, agree, or type a name. The actions and the estate may demand more, never less. `two_person` is reserved.",
                ),
                optional_text("expires", "How long a plan can be confirmed, 30m if left out."),
            ],
        ),
        ("Step", step()),
        ("Retry", retry()),
        ("Backoff", backoff()),
        ("Wait", wait()),
        ("Afterwards", afterwards()),
        (
            "Concurrency",
            vec![
                required("max", count(1), "Items at once."),
                optional(
                    "canary",
                    count(0),
                    "Items that go first, alone; the others follow once these are done. 1 if left out, 0 for none.",
                ),
            ],
        ),
    ];
    shapes
        .into_iter()
        .map(|(name, fields)| (name.to_owned(), Shape::Record(fields)))
        .collect()
}

fn param() -> Vec<Field> {
    vec![
        required(
            "type",
            text(),
            "`string`, `int`, `number`, `bool`, `duration`, `size`, `timestamp`, `secret`, `aws/<kind>`, `list<…>` or `map<…>`.",
        ),
        optional_text("about", "What it means, for forms and help."),
        optional(
            "default",
            Shape::Anything,
            "What it is if nobody says; may refer to other parameters. `all` for a list with `from:` is everything found.",
        ),
        optional(
            "optional",
            Shape::Switch,
            "Whether it may be left out and is null then. Without this and without a default it must be given.",
        ),
        optional(
            "enum",
            Shape::Either(vec![list(Shape::Anything, 1), Shape::Table(Box::new(text()))]),
            "The only values: a list, or of text each with what it means, which forms and `qd runbook show` say.",
        ),
        optional_text(
            "pattern",
            "A regular expression that the whole text must match, each item of a list too.",
        ),
        optional(
            "min",
            Shape::Anything,
            "The least value; of text the least number of characters.",
        ),
        optional(
            "max",
            Shape::Anything,
            "The greatest value; of text the greatest number of characters.",
        ),
        optional("min_items", count(0), "The least number of items of a list."),
        optional("max_items", count(1), "The greatest number of items of a list."),
        optional(
            "from",
            named("From"),
            "Where its values come from: live resources that the console offers and that must exist, or the store of a secret.",
        ),
    ]
}

fn from() -> Vec<Field> {
    let sources: Vec<&str> = Source::ALL.iter().map(|source| source.name()).collect();
    vec![
        optional("list", words(&sources), "The resources to choose from."),
        optional(
            "where",
            anything_by_name(),
            "What they are narrowed to; values may refer to other parameters.",
        ),
        optional_text("ssm", "Of a secret: its name in the parameter store."),
        optional_text(
            "secretsmanager",
            "Of a secret: its name or ARN in Secrets Manager.",
        ),
        optional_text("env", "Of a secret: the environment variable that holds it."),
    ]
}

fn limits() -> Vec<Field> {
    vec![
        optional("max_targets", count(1), "Resources that a plan may change."),
        optional(
            "max_removed",
            count(0),
            "Instances, tasks or nodes that a plan may take away in all.",
        ),
        optional(
            "max_runs_per_hour",
            count(1),
            "Runs that may begin within an hour on one account and region.",
        ),
        optional_text(
            "deadline",
            "How long the run may take, from the first change to the end of verify; 1h if left out.",
        ),
        optional_text(
            "rollback_deadline",
            "How long the rollback may take from its beginning; 30m if left out.",
        ),
    ]
}

fn offer() -> Vec<Field> {
    let kinds: Vec<&str> = NAMEABLE.iter().map(|kind| kind.name()).collect();
    vec![
        required("kind", words(&kinds), "The kind of resource."),
        optional(
            "rules",
            list(text(), 1),
            "Only for findings of these rules; `*` stands for any run of characters.",
        ),
        optional(
            "set",
            Shape::Table(Box::new(text())),
            "Parameters, as expressions over `resource`.",
        ),
    ]
}

fn afterwards() -> Vec<Field> {
    let kinds: Vec<&str> = NAMEABLE.iter().map(|kind| kind.name()).collect();
    vec![
        required("runbook", text(), "The runbook's name."),
        required("about", text(), "What it is for then, in a few words."),
        optional(
            "when",
            condition(),
            "Whether it is offered. An expression over `params` and what steps gave.",
        ),
        optional(
            "kind",
            words(&kinds),
            "Offered once for each resource of this kind in the account and region, which expressions see as `resource`. What could not be listed is said.",
        ),
        optional(
            "set",
            Shape::Table(Box::new(text())),
            "Its parameters, as expressions over `resource`, `params` and the rest.",
        ),
    ]
}

fn check() -> Vec<Field> {
    vec![
        required(
            "check",
            text(),
            "The check; `expr` looks at the expression under `that`.",
        ),
        optional_text("that", "The expression that must be true, for `check: expr`."),
        optional("with", anything_by_name(), "What the check is given."),
        optional_text("for_each", "A list; the check is made for each item, as `each`."),
        optional("when", condition(), "The check is made only if this holds."),
        optional_text("message", "What an operator is told if it does not hold."),
        optional(
            "severity",
            words(&["error", "warn"]),
            "Whether it stops the run, which is the default, or is only said.",
        ),
        optional_text(
            "within",
            "In verify: how long it may take until it holds. One look if left out.",
        ),
        optional_text(
            "every",
            "How often it is looked at within that time; 15s if left out.",
        ),
    ]
}

fn guard() -> Vec<Field> {
    vec![
        optional_text(
            "alarm",
            "The name of the CloudWatch alarm that is watched, or an expression that gives a list of names.",
        ),
        optional_text("check", "Instead of an alarm: a check that must hold."),
        optional_text("that", "The expression that must be true, for `check: expr`."),
        optional("with", anything_by_name(), "What the check is given."),
        optional(
            "states",
            list(words(&["ALARM", "INSUFFICIENT_DATA"]), 1),
            "The alarm's states that stop the run; `[ALARM]` if left out.",
        ),
        optional(
            "baseline",
            words(&["require_ok", "transition"]),
            "`require_ok`, the default: it must be well before the run. `transition`: only getting ill during the run counts.",
        ),
        optional(
            "unreadable",
            words(&["stop", "warn"]),
            "What happens if it cannot be read; `stop` if left out.",
        ),
        optional(
            "insufficient_data",
            words(&["stop", "warn"]),
            "What happens if the alarm has not enough data; `warn` if left out.",
        ),
        optional_text("every", "How often it is looked at; 15s if left out."),
    ]
}

fn step() -> Vec<Field> {
    vec![
        optional_text(
            "id",
            "Its name, unique in the file: small letters, digits, `_` and `-`.",
        ),
        optional_text("title", "What an operator reads while it runs."),
        optional_text("action", "The action."),
        optional(
            "with",
            anything_by_name(),
            "What the action or the used runbook is given.",
        ),
        optional(
            "when",
            condition(),
            "It is done only if this holds; with `for_each`, for each item.",
        ),
        optional_text(
            "for_each",
            "A list; the action is done, or the check is made, for each item, as `each`.",
        ),
        optional(
            "concurrency",
            Shape::Either(vec![count(1), named("Concurrency")]),
            "Items at once, one if left out. With more, one goes first.",
        ),
        optional(
            "stop_after_failures",
            count(1),
            "No further item is begun once so many have failed; 1 if left out.",
        ),
        optional("retry", named("Retry"), "Which failures are tried again."),
        optional(
            "wait",
            named("Wait"),
            "When it is done, and how long that may take. Needed by every action that AWS goes on with after the call.",
        ),
        optional_text(
            "register",
            "The name under which later expressions find what it gave, as `results.NAME`.",
        ),
        optional(
            "undo",
            Shape::Either(vec![words(&["inverse"]), Shape::Record(undo())]),
            "How it is put back if the run fails later; `inverse`, the default, is the action's own way from what was there before.",
        ),
        optional(
            "allow_failure",
            Shape::Switch,
            "Whether the run goes on if it fails; false if left out, but for actions that only tell somebody something.",
        ),
        optional_text(
            "use",
            "Instead of an action: another runbook, as `name` or `name@sha256:…`.",
        ),
        optional_list(
            "block",
            ("Step", 1),
            "Instead of an action: steps of which a failure is caught by `rescue`.",
        ),
        optional_list(
            "rescue",
            ("Step", 1),
            "With `block`: what is done if one of its steps fails, before `on_failure`. The run has failed all the same.",
        ),
        optional_list(
            "always",
            ("Step", 1),
            "With `block`: what is done in any case, last. Its failure changes no verdict.",
        ),
        optional_text(
            "check",
            "Instead of an action: what must hold before the run goes on, as under `verify`.",
        ),
        optional_text("that", "With `check: expr`: the expression that must be true."),
        optional_text(
            "message",
            "With `check`: what an operator is told if it does not hold.",
        ),
        optional_text(
            "within",
            "With `check`: how long it may take until it holds. One look if left out.",
        ),
        optional_text(
            "every",
            "With `check`: how often it is looked at within that time; 15s if left out.",
        ),
        optional_text(
            "pause",
            "Instead of an action: waits for a person, who is told this. Without a terminal the runbook is refused.",
        ),
        optional_text(
            "timeout",
            "With `pause`: after this it counts as declined. Must be given there.",
        ),
    ]
}

fn undo() -> Vec<Field> {
    vec![
        optional_text(
            "keep",
            "It is not put back, for this reason, which the plan shows.",
        ),
        optional_list(
            "steps",
            ("Step", 1),
            "Actions that put it back; they see what was there before as `before`.",
        ),
    ]
}

fn retry() -> Vec<Field> {
    let classes: Vec<&str> = ErrorClass::ALL.iter().map(|class| class.name()).collect();
    vec![
        required(
            "errors",
            list(words(&classes), 1),
            "The failures. Refusals (denied, invalid, not found) are never tried again.",
        ),
        required(
            "max",
            Shape::Whole { min: 1, max: 20 },
            "Attempts after the first.",
        ),
        optional("backoff", named("Backoff"), "The time between attempts."),
    ]
}

fn backoff() -> Vec<Field> {
    vec![
        optional_text("start", "Before the second attempt; 2s if left out."),
        optional(
            "factor",
            Shape::Number { min: 1.0, max: 10.0 },
            "By what it grows each time; 2 if left out.",
        ),
        optional_text("max", "At most; 60s if left out."),
        optional(
            "jitter",
            words(&["full", "none"]),
            "Whether chance shortens it; `full` if left out.",
        ),
    ]
}

fn wait() -> Vec<Field> {
    vec![
        optional_text(
            "until",
            "It is done once the action says so and this expression over `live` holds.",
        ),
        optional_text(
            "fails_if",
            "It has failed as soon as this expression over `live` holds.",
        ),
        required("timeout", text(), "How long it may take."),
        optional_text("every", "How often it is looked at; 15s if left out."),
    ]
}
