//! Preconditions, verify and guards.

use super::Decoder;
use crate::domain::diagnostic::Severity;
use crate::domain::document::{Node, Value as Tree};
use crate::runbook::model::{
    Alarm, AlarmState, Baseline, Check, CheckCall, Guard, GuardOn, Lenience, Spanned, Wait,
};

impl Decoder<'_> {
    pub(super) fn check(&mut self, node: &Node) -> Option<Check> {
        let when = self.expr(node, "when");
        let check = self.unconditional_check(node)?;
        Some(Check { when, ..check })
    }

    /// A check as a step, whose `when` is the step's.
    pub(super) fn unconditional_check(&mut self, node: &Node) -> Option<Check> {
        let call = self.check_call(node);
        let check = Check {
            for_each: self.for_each(node),
            when: None,
            message: self.template(node, "message"),
            severity: match Self::text(node, "severity").as_deref().map(String::as_str) {
                Some("warn") => Severity::Warning,
                _ => Severity::Error,
            },
            within: self.duration(node, "within"),
            every: self.duration(node, "every").unwrap_or(Wait::EVERY),
            span: node.span,
            call: call?,
        };
        Some(check)
    }

    fn check_call(&mut self, node: &Node) -> Option<CheckCall> {
        let name = Self::text(node, "check")?;
        if *name.value == *"expr" {
            if let Some(with) = node.entry("with") {
                self.error(
                    with.key.span,
                    "`check: expr` takes no `with`",
                    "write the expression under `that`",
                );
            }
            if node.get("that").is_none() {
                self.error(
                    name.span,
                    "`check: expr` needs `that`",
                    "the expression that must be true",
                );
            }
            return self.expr(node, "that").map(CheckCall::Expr);
        }
        if let Some(that) = node.entry("that") {
            self.error(that.key.span, "`that` is for `check: expr`", "");
        }
        Some(CheckCall::Named {
            name,
            with: self.inputs(node, "with"),
        })
    }

    pub(super) fn guard(&mut self, node: &Node) -> Option<Guard> {
        let every = self.duration(node, "every").unwrap_or(Guard::EVERY);
        let baseline = match Self::text(node, "baseline").as_deref().map(String::as_str) {
            Some("transition") => Baseline::Transition,
            _ => Baseline::RequireOk,
        };
        let unreadable = Self::lenience(node, "unreadable", Lenience::Stop);
        let on = match (node.entry("alarm"), node.entry("check")) {
            (Some(alarm), None) => {
                for key in ["that", "with"] {
                    if let Some(entry) = node.entry(key) {
                        let span = entry.key.span;
                        self.error(span, format!("`{key}` is for guards with a `check`"), "");
                    }
                }
                GuardOn::Alarm(Alarm {
                    name: Spanned::new(alarm.value.span, self.arg(&alarm.value)?),
                    states: Self::alarm_states(node),
                    insufficient_data: Self::lenience(node, "insufficient_data", Lenience::Warn),
                })
            }
            (None, Some(_)) => {
                for key in ["states", "insufficient_data"] {
                    if let Some(entry) = node.entry(key) {
                        let span = entry.key.span;
                        self.error(span, format!("`{key}` is for guards with an `alarm`"), "");
                    }
                }
                GuardOn::Check(self.check_call(node)?)
            }
            (Some(_), Some(check)) => {
                let span = check.key.span;
                self.error(
                    span,
                    "a guard has an `alarm` or a `check`, not both",
                    "make it two guards",
                );
                return None;
            }
            (None, None) => {
                self.error(node.span, "a guard needs an `alarm` or a `check`", "");
                return None;
            }
        };
        Some(Guard {
            on,
            baseline,
            unreadable,
            every,
            span: node.span,
        })
    }

    fn lenience(node: &Node, key: &str, otherwise: Lenience) -> Lenience {
        match Self::text(node, key).as_deref().map(String::as_str) {
            Some("stop") => Lenience::Stop,
            Some("warn") => Lenience::Warn,
            _ => otherwise,
        }
    }

    fn alarm_states(node: &Node) -> Vec<AlarmState> {
        let states = match node.get("states").map(|states| &states.value) {
            Some(Tree::List(items)) => items
                .iter()
                .filter_map(|item| match &item.value {
                    Tree::Text(word) if word == "ALARM" => Some(AlarmState::Alarm),
                    Tree::Text(word) if word == "INSUFFICIENT_DATA" => Some(AlarmState::InsufficientData),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        if states.is_empty() {
            vec![AlarmState::Alarm]
        } else {
            states
        }
    }
}
