//! From the SDK's types of Systems Manager to ours.

use aws_sdk_ssm::types::{self, CommandInvocationStatus};
use jiff::Timestamp;

use crate::cloud::aws::convert::{text, timestamp_of};
use crate::domain::secret::Parameter;
use crate::domain::ssm::{ManagedHost, Ping, ProbeEnd, ProbeOutput};

/// What SSM puts between standard output and standard error.
const ERROR_MARK: &str = "----------ERROR-------";
/// What SSM puts where it cut the output, between dashes.
const CUT_MARK: &str = "utput truncated";
/// Characters of an invocation's output that a listing gives, both streams together.
const LISTED: usize = 2_500;
/// Characters of standard output that asking for one invocation gives.
const ASKED: usize = 24_000;

/// A host; `None` without its id.
pub(super) fn host_from_sdk(host: &types::InstanceInformation) -> Option<ManagedHost> {
    Some(ManagedHost {
        instance_id: host.instance_id()?.to_owned(),
        ping: match host.ping_status() {
            Some(types::PingStatus::Online) => Ping::Online,
            Some(types::PingStatus::ConnectionLost) => Ping::ConnectionLost,
            // What we do not know is not a host to send commands to.
            _ => Ping::Inactive,
        },
        last_ping_at: timestamp_of(host.last_ping_date_time()),
        agent_version: text(host.agent_version()),
        platform: text(host.platform_name()),
    })
}

/// Whether an invocation has come to its end.
pub(super) fn has_ended(invocation: &types::CommandInvocation) -> bool {
    match invocation.status() {
        Some(
            CommandInvocationStatus::Success
            | CommandInvocationStatus::Failed
            | CommandInvocationStatus::TimedOut
            | CommandInvocationStatus::Cancelled,
        ) => true,
        // Pending, in progress, delayed, cancelling, and what we do not know.
        _ => false,
    }
}

/// What an invocation that has ended printed; `None` without its instance.
pub(super) fn output_from_sdk(invocation: &types::CommandInvocation, now: Timestamp) -> Option<ProbeOutput> {
    // A document of the estate may have steps before the one that prints.
    let plugins = invocation.command_plugins();
    let plugin = plugins
        .iter()
        .find(|plugin| plugin.output().is_some_and(|output| !output.is_empty()))
        .or(plugins.first());
    let printed = plugin.and_then(types::CommandPlugin::output).unwrap_or_default();
    let truncated = printed.contains(CUT_MARK) || printed.chars().count() >= LISTED;
    let (stdout, stderr) = match printed.split_once(ERROR_MARK) {
        Some((stdout, stderr)) => (stdout, stderr.trim()),
        None => (printed, ""),
    };
    let details = invocation.status_details().unwrap_or_default();
    let end = end(invocation.status(), details);
    Some(ProbeOutput {
        instance_id: invocation.instance_id()?.to_owned(),
        end,
        stdout: stdout.to_owned(),
        detail: detail(end, details, stderr),
        truncated,
        at: plugin
            .and_then(|plugin| timestamp_of(plugin.response_finish_date_time()))
            .unwrap_or(now),
    })
}

/// The same output with what a single call gives of it, which is ten times as much.
pub(super) fn with_whole_output(
    listed: ProbeOutput,
    whole: &aws_sdk_ssm::operation::get_command_invocation::GetCommandInvocationOutput,
) -> ProbeOutput {
    let stdout = whole.standard_output_content().unwrap_or_default();
    let stderr = whole.standard_error_content().unwrap_or_default();
    if stdout.len() < listed.stdout.len() {
        return listed;
    }
    ProbeOutput {
        stdout: stdout.to_owned(),
        detail: detail(
            listed.end,
            whole.status_details().unwrap_or_default(),
            stderr.trim(),
        ),
        truncated: stdout.contains(CUT_MARK) || stdout.chars().count() >= ASKED,
        ..listed
    }
}

fn end(status: Option<&CommandInvocationStatus>, details: &str) -> ProbeEnd {
    match status {
        Some(CommandInvocationStatus::Success) => ProbeEnd::Done,
        Some(CommandInvocationStatus::TimedOut) => ProbeEnd::TimedOut,
        // The agent went away between being asked for and being sent to.
        _ if details == "Undeliverable" => ProbeEnd::Offline,
        _ => ProbeEnd::Failed,
    }
}

fn detail(end: ProbeEnd, details: &str, stderr: &str) -> String {
    match (end, stderr.is_empty()) {
        (_, false) => stderr.to_owned(),
        (ProbeEnd::Done, true) => String::new(),
        (_, true) => details.to_owned(),
    }
}

/// A parameter without its value; `None` without a name.
pub(super) fn parameter_from_sdk(metadata: &aws_sdk_ssm::types::ParameterMetadata) -> Option<Parameter> {
    let name = metadata.name()?.to_owned();
    Some(Parameter {
        arn: metadata.arn.clone().unwrap_or_else(|| name.clone()),
        name,
        form: metadata
            .r#type()
            .map(|form| form.as_str().to_owned())
            .unwrap_or_default(),
        tier: metadata.tier().map(|tier| tier.as_str().to_owned()),
        // Versions count from one; the SDK makes an absent one zero.
        version: Some(metadata.version()).filter(|version| *version > 0),
        modified_at: timestamp_of(metadata.last_modified_date()),
        modified_by: metadata.last_modified_user.clone(),
    })
}

#[cfg(test)]
mod tests;
