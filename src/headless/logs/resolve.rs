//! From what was typed to log groups that exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cloud::Cloud;
use crate::domain::diagnostic::nearest;
use crate::domain::fault::Fault;
use crate::domain::glob::Glob;
use crate::domain::logs::TailTarget;
use crate::domain::ops::logs::Read;
use crate::domain::ops::{Query, ReplyData};
use crate::domain::scope::Scope;
use crate::headless::Exit;
use crate::headless::logs::of_fault;

/// Why nothing can be printed.
pub(super) struct Refusal {
    /// What to say.
    pub(super) lines: Vec<String>,
    /// How it ends.
    pub(super) exit: Exit,
}

/// The groups that the arguments name, in all scopes. A scope whose groups may not be listed is
/// asked for those that are named in full.
pub(super) async fn targets(
    cloud: &dyn Cloud,
    scopes: &[Arc<Scope>],
    arguments: &[String],
) -> Result<Vec<TailTarget>, Refusal> {
    let mut targets: Vec<TailTarget> = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut matched = vec![false; arguments.len()];
    let mut faults: Vec<(Arc<Scope>, Fault)> = Vec::new();
    for scope in scopes {
        let groups = match cloud.read(scope, &Query::Logs(Read::Groups)).await {
            Ok(reply) => match reply.data {
                ReplyData::LogGroups(groups) => groups,
                _ => Vec::new(),
            },
            Err(fault) => {
                faults.push((scope.clone(), fault));
                continue;
            }
        };
        for group in groups {
            let mut wanted = false;
            for (argument, matched) in arguments.iter().zip(&mut matched) {
                if Glob::new(argument).matches(&group.name) {
                    wanted = true;
                    *matched = true;
                }
            }
            known.insert(group.name.clone());
            if wanted {
                targets.push(TailTarget {
                    scope: scope.clone(),
                    group: group.name,
                    class: group.class,
                    stream: None,
                });
            }
        }
    }
    let denied = faults
        .iter()
        .filter(|(_, fault)| fault.kind == crate::domain::fault::FaultKind::AccessDenied);
    for (scope, _) in denied {
        for (argument, matched) in arguments.iter().zip(&mut matched) {
            if !argument.contains(['*', '?']) {
                *matched = true;
                targets.push(TailTarget {
                    scope: scope.clone(),
                    group: argument.clone(),
                    class: None,
                    stream: None,
                });
            }
        }
    }
    let missing: Vec<&String> = arguments
        .iter()
        .zip(&matched)
        .filter(|(_, matched)| !**matched)
        .map(|(argument, _)| argument)
        .collect();
    if missing.is_empty() {
        return Ok(targets);
    }
    if !faults.is_empty() {
        return Err(Refusal {
            lines: faults
                .iter()
                .map(|(scope, fault)| format!("qd: {}: {fault}: {}", scope.name, fault.hint(scope)))
                .collect(),
            exit: Exit::worst(faults.iter().map(|(_, fault)| of_fault(fault))),
        });
    }
    Err(Refusal {
        lines: missing
            .into_iter()
            .map(|argument| unknown(argument, &known))
            .collect(),
        exit: Exit::Usage,
    })
}

fn unknown(argument: &str, known: &BTreeSet<String>) -> String {
    let near = nearest(argument, known.iter().map(String::as_str));
    let like: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|name| Some(*name) != near && name.contains(argument.trim_matches(['*', '/'])))
        .take(4)
        .collect();
    let names: Vec<&str> = near.into_iter().chain(like).collect();
    if names.is_empty() {
        format!("qd: no log group {argument}; there are {}", known.len())
    } else {
        format!("qd: no log group {argument}; there is {}", names.join(", "))
    }
}
