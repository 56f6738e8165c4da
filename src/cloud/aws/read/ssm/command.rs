//! A command of ours on one host: how far it is, and what it printed.

use aws_sdk_ssm::types::{CommandFilter, CommandFilterKey, CommandInvocationStatus};
use jiff::Timestamp;

use crate::cloud::aws::caller::{Caller, Page, pages};
use crate::domain::fault::Fault;
use crate::domain::ops::Operation;
use crate::domain::ops::ssm::COMMENT;
use crate::domain::ssm::{CommandRun, CommandState, MOST_OUTPUT, tail};

const LIST: Operation = Operation::new("ssm", "ListCommands");
const GET: Operation = Operation::new("ssm", "GetCommandInvocation");

/// Which command.
pub(super) struct Wanted<'a> {
    pub(super) document: &'a str,
    pub(super) instance: &'a str,
    pub(super) since: Timestamp,
}

/// The command of this id; without one the newest of ours with the document since then.
pub(super) async fn find(
    caller: &Caller<'_>,
    wanted: &Wanted<'_>,
    id: Option<String>,
) -> Result<Option<CommandRun>, Fault> {
    let id = match id {
        Some(id) => Some(id),
        None => newest(caller, wanted).await?,
    };
    let Some(id) = id else { return Ok(None) };
    let call = caller
        .ssm()
        .get_command_invocation()
        .command_id(&id)
        .instance_id(wanted.instance);
    match caller.call(GET, call.send()).await {
        Ok(answer) => {
            let state = answer.status.as_ref().map_or(CommandState::Running, state);
            let printed = [&answer.standard_output_content, &answer.standard_error_content];
            let output = printed
                .into_iter()
                .flatten()
                .filter(|text| !text.trim().is_empty())
                .map(|text| tail(text.trim_end(), MOST_OUTPUT / 2))
                .collect::<Vec<_>>()
                .join("\n");
            Ok(Some(CommandRun {
                id,
                state,
                // AWS says -1 until there is a code.
                exit_code: (state != CommandState::Running && answer.response_code >= 0)
                    .then_some(answer.response_code),
                output,
            }))
        }
        // It was sent a moment ago, and its invocation is not listed yet.
        Err(fault) if fault.code.as_deref() == Some("InvocationDoesNotExist") => Ok(Some(CommandRun {
            id,
            state: CommandState::Running,
            exit_code: None,
            output: String::new(),
        })),
        Err(fault) => Err(fault),
    }
}

async fn newest(caller: &Caller<'_>, wanted: &Wanted<'_>) -> Result<Option<String>, Fault> {
    // Whole seconds, as the filter takes them.
    let after = wanted.since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let filter = |key, value: &str| {
        CommandFilter::builder()
            .key(key)
            .value(value)
            .build()
            .expect("key and value are given")
    };
    let filters = vec![
        filter(CommandFilterKey::DocumentName, wanted.document),
        filter(CommandFilterKey::InvokedAfter, &after),
    ];
    let listed = pages(|token| {
        let call = caller
            .ssm()
            .list_commands()
            .instance_id(wanted.instance)
            .set_filters(Some(filters.clone()))
            .set_next_token(token);
        async move {
            let page = caller.call(LIST, call.send()).await?;
            Ok(Page {
                items: page
                    .commands()
                    .iter()
                    .filter(|command| command.comment().is_some_and(|text| text.starts_with(COMMENT)))
                    .filter_map(|command| {
                        let at = command.requested_date_time()?.secs();
                        Some((at, command.command_id()?.to_owned()))
                    })
                    .collect(),
                next: page.next_token,
            })
        }
    })
    .await?;
    if let Some(gap) = listed.gap {
        return Err(gap);
    }
    Ok(listed.items.into_iter().max().map(|(_, id)| id))
}

fn state(status: &CommandInvocationStatus) -> CommandState {
    match status {
        CommandInvocationStatus::Success => CommandState::Done,
        CommandInvocationStatus::Failed => CommandState::Failed,
        CommandInvocationStatus::TimedOut => CommandState::TimedOut,
        CommandInvocationStatus::Cancelled => CommandState::Cancelled,
        // Pending, in progress, delayed, cancelling, and whatever AWS adds.
        _ => CommandState::Running,
    }
}
