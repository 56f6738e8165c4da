//! Steps.

use super::{Decoder, Used};
use crate::domain::diagnostic::quoted;
use crate::domain::document::{Node, Value as Tree};
use crate::runbook::model::{
    Action, Backoff, Block, Body, Concurrency, ErrorClass, Jitter, Pause, Retry, Spanned, Step, Undo, Use,
    Wait,
};

/// What a step can be, and the keys that belong to it alone.
const KINDS: [(&str, &[&str]); 5] = [
    (
        "action",
        &[
            "with",
            "for_each",
            "concurrency",
            "stop_after_failures",
            "retry",
            "wait",
            "register",
            "undo",
            "allow_failure",
        ],
    ),
    ("use", &["with"]),
    ("block", &["rescue", "always"]),
    (
        "check",
        &["that", "with", "for_each", "message", "within", "every"],
    ),
    ("pause", &["timeout"]),
];

impl Decoder<'_> {
    pub(super) fn step(&mut self, node: &Node) -> Option<Step> {
        self.steps += 1;
        let id = match Self::text(node, "id") {
            Some(id) => {
                self.identifier(&id, "the name of a step", &['-']);
                id
            }
            None => Spanned::new(node.span, format!("step-{}", self.steps)),
        };
        let title = Self::text(node, "title").unwrap_or_default().value;
        let when = self.expr(node, "when");
        let kind = self.step_kind(node)?;
        let body = match kind {
            "action" => Body::Action(Box::new(self.action(node)?)),
            "use" => Body::Use(self.used(node)?),
            "check" => Body::Check(Box::new(self.unconditional_check(node)?)),
            "pause" => Body::Pause(self.pause(node)?),
            _ => Body::Block(Block {
                steps: self.each(node, "block", Self::step),
                rescue: self.each(node, "rescue", Self::step),
                always: self.each(node, "always", Self::step),
            }),
        };
        Some(Step {
            id,
            title,
            when,
            body,
            span: node.span,
        })
    }

    /// What the step is, if it is one thing, and its keys fit.
    fn step_kind(&mut self, node: &Node) -> Option<&'static str> {
        let given: Vec<_> = KINDS
            .iter()
            .filter_map(|(kind, keys)| Some((node.entry(kind)?, *kind, *keys)))
            .collect();
        let (kind, allowed) = match given.as_slice() {
            [] => {
                let stray = ["rescue", "always"].iter().find_map(|key| node.entry(key));
                match stray {
                    Some(entry) => {
                        let message = format!("`{}` without a `block`", entry.key.text);
                        let span = entry.key.span;
                        self.error(span, message, "put the steps that it belongs to under `block`");
                    }
                    None => self.error(
                        node.span,
                        "a step needs an `action`, a `use`, a `block`, a `check` or a `pause`",
                        "",
                    ),
                }
                return None;
            }
            [(_, kind, keys)] => (*kind, *keys),
            [(_, first, _), (second, other, _), ..] => {
                let message = format!("a step has one of `{first}` and `{other}`, not both");
                let span = second.key.span;
                self.error(span, message, "make it two steps");
                return None;
            }
        };
        let every_kind = ["id", "title", "when", kind];
        let Tree::Map(entries) = &node.value else {
            return None;
        };
        for entry in entries {
            let key = entry.key.text.as_str();
            if every_kind.contains(&key) || allowed.contains(&key) {
                continue;
            }
            let owner = KINDS
                .iter()
                .find(|(_, keys)| keys.contains(&key))
                .map_or("action", |(owner, _)| owner);
            let message = format!("{} does not go with `{kind}`", quoted(key));
            let span = entry.key.span;
            self.error(span, message, format!("it belongs to a step with `{owner}`"));
        }
        Some(kind)
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        let action = Action {
            with: self.inputs(node, "with"),
            for_each: self.for_each(node),
            concurrency: self.concurrency(node),
            stop_after_failures: Self::count(node, "stop_after_failures").unwrap_or(1),
            retry: self.retry(node),
            wait: self.wait(node),
            register: Self::text(node, "register"),
            undo: self.undo(node),
            allow_failure: match node.get("allow_failure").map(|given| &given.value) {
                Some(Tree::Bool(value)) => Some(*value),
                _ => None,
            },
            name: Self::text(node, "action")?,
        };
        if action.wait.is_none() && node.get("wait").is_some() {
            self.broken.insert(action.name.span);
        }
        if let Some(register) = &action.register {
            self.identifier(register, "a name for results", &[]);
        }
        Some(action)
    }

    fn concurrency(&mut self, node: &Node) -> Concurrency {
        let Some(node) = node.get("concurrency") else {
            return Concurrency::default();
        };
        if let Tree::Integer(number) = node.value {
            let max = u32::try_from(number).unwrap_or(1);
            return Concurrency {
                max,
                canary: u32::from(max > 1),
            };
        }
        let max = Self::count(node, "max").unwrap_or(1);
        let canary = Self::count(node, "canary").unwrap_or(u32::from(max > 1));
        if canary > max {
            let span = node.get("canary").map_or(node.span, |canary| canary.span);
            let message = format!("{canary} go first, though only {max} go at once");
            self.error(span, message, "at most `max`");
        }
        Concurrency { max, canary }
    }

    fn retry(&mut self, node: &Node) -> Option<Retry> {
        let node = node.get("retry")?;
        let errors = self.each(node, "errors", |_, item| match &item.value {
            Tree::Text(word) => ErrorClass::ALL.into_iter().find(|class| class.name() == word),
            _ => None,
        });
        let backoff = match node.get("backoff") {
            Some(node) => {
                let usual = Backoff::default();
                let backoff = Backoff {
                    start: self.duration(node, "start").unwrap_or(usual.start),
                    factor: match node.get("factor").map(|factor| &factor.value) {
                        Some(Tree::Float(number)) => *number,
                        Some(Tree::Integer(number)) => *number as f64,
                        _ => usual.factor,
                    },
                    max: self.duration(node, "max").unwrap_or(usual.max),
                    jitter: match Self::text(node, "jitter").as_deref().map(String::as_str) {
                        Some("none") => Jitter::None,
                        _ => Jitter::Full,
                    },
                };
                if backoff.start > backoff.max {
                    self.error(node.span, "the first wait is longer than the longest", "");
                }
                backoff
            }
            None => Backoff::default(),
        };
        Some(Retry {
            errors,
            max: Self::count(node, "max")?,
            backoff,
        })
    }

    fn wait(&mut self, node: &Node) -> Option<Wait> {
        let node = node.get("wait")?;
        let (until, fails_if) = (self.expr(node, "until"), self.expr(node, "fails_if"));
        let every = self.duration(node, "every");
        let timeout = self.duration(node, "timeout")?;
        if let Some(every) = every
            && every > timeout
        {
            let span = node.get("every").map_or(node.span, |every| every.span);
            self.error(
                span,
                "the time between two looks is longer than the whole wait",
                "",
            );
        }
        Some(Wait {
            until,
            fails_if,
            timeout,
            every: every.unwrap_or_else(|| Wait::EVERY.min(timeout)),
        })
    }

    fn undo(&mut self, node: &Node) -> Undo {
        let Some(node) = node.get("undo").filter(|node| matches!(node.value, Tree::Map(_))) else {
            return Undo::Inverse;
        };
        match (Self::text(node, "keep"), node.get("steps")) {
            (Some(reason), None) => Undo::Keep(reason.value),
            (None, Some(_)) => Undo::Steps(self.each(node, "steps", Self::step)),
            _ => {
                self.error(node.span, "`undo` has one of `keep` and `steps`", "");
                Undo::Inverse
            }
        }
    }

    fn pause(&mut self, node: &Node) -> Option<Pause> {
        let message = self.template(node, "pause");
        let timeout = self.duration(node, "timeout");
        if node.get("timeout").is_none() {
            self.error(
                node.span,
                "a `pause` needs a `timeout`",
                "how long it waits for a person",
            );
        }
        Some(Pause {
            message: message?,
            timeout: timeout?,
        })
    }

    fn used(&mut self, node: &Node) -> Option<Use> {
        let written = Self::text(node, "use")?;
        let with = self.inputs(node, "with");
        let (name, pinned) = match written.split_once('@') {
            Some((name, digest)) => {
                let is_digest = digest.strip_prefix("sha256:").is_some_and(|hex| {
                    hex.len() == 64
                        && hex
                            .bytes()
                            .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
                });
                if !is_digest {
                    let message = format!("{} is not a digest", quoted(digest));
                    self.error(written.span, message, "`sha256:` and 64 small hexadecimal digits");
                }
                (
                    name.to_owned(),
                    Some(Spanned::new(written.span, digest.to_owned())),
                )
            }
            None => (written.value.clone(), None),
        };
        match (self.find_used)(&name) {
            Used::Ready(runbook) => {
                if let Some(pinned) = &pinned
                    && *pinned.value != runbook.digest
                {
                    let message = format!("{} is not what it was when this was written", quoted(&name));
                    let label = format!("it has {}", runbook.digest);
                    self.error(written.span, message, label);
                }
                Some(Use {
                    name: Spanned::new(written.span, name),
                    pinned,
                    runbook,
                    with,
                })
            }
            Used::Unusable { message, label } => {
                self.error(written.span, message, label);
                None
            }
        }
    }
}
