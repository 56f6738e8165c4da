//! The one command that this program sends to hosts, said once: what the read sends is what the
//! guard lets through.

use std::collections::HashMap;

use aws_sdk_ssm::operation::send_command::SendCommandInput;

use crate::domain::gpu::probe::{SSM_DOCUMENT, SSM_EXECUTION_TIMEOUT_S, probe_line};

/// What the document that runs shell lines is to run.
pub(super) fn parameters() -> HashMap<String, Vec<String>> {
    HashMap::from([
        ("commands".to_owned(), vec![probe_line().to_owned()]),
        (
            "executionTimeout".to_owned(),
            vec![SSM_EXECUTION_TIMEOUT_S.to_string()],
        ),
    ])
}

/// Whether a command is the probe: our line, or one of the estate's own documents as it is. A
/// command is root on its hosts, so it is compared with what it may be, and not trusted.
pub(super) fn is_probe(command: &SendCommandInput, documents: &[String]) -> bool {
    let document = command.document_name().unwrap_or_default();
    let by_id = command.targets().is_empty() && !command.instance_ids().is_empty();
    by_id
        && match command.parameters() {
            Some(given) if !given.is_empty() => document == SSM_DOCUMENT && *given == parameters(),
            Some(_) | None => documents.iter().any(|own| own == document),
        }
}

/// Whether a command is one that the operator's settings allow a runbook to run, on one host by its id.
pub(super) fn is_allowed(command: &SendCommandInput, documents: &[String]) -> bool {
    let document = command.document_name().unwrap_or_default();
    command.targets().is_empty()
        && command.instance_ids().len() == 1
        && documents.iter().any(|own| own == document)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::types::Target;

    use super::*;

    fn shell() -> aws_sdk_ssm::operation::send_command::builders::SendCommandInputBuilder {
        SendCommandInput::builder()
            .document_name(SSM_DOCUMENT)
            .instance_ids("i-1")
            .set_parameters(Some(parameters()))
    }

    #[test]
    fn only_the_probe_is_the_probe() {
        let own = ["gpu-probe".to_owned()];
        let other_line = HashMap::from([("commands".to_owned(), vec!["reboot".to_owned()])]);
        let mut appended = parameters();
        if let Some(lines) = appended.get_mut("commands") {
            lines.push("reboot".to_owned());
        }
        let mut elsewhere = parameters();
        elsewhere.insert("workingDirectory".to_owned(), vec!["/tmp".to_owned()]);
        let target = Target::builder().key("tag:Name").values("*").build();
        let cases = [
            (shell(), true),
            (shell().set_parameters(Some(other_line)), false),
            (shell().set_parameters(Some(appended)), false),
            (shell().set_parameters(Some(elsewhere)), false),
            (shell().set_parameters(None), false),
            (shell().set_instance_ids(None), false),
            (shell().targets(target), false),
            (shell().document_name("AWS-RunPowerShellScript"), false),
            (shell().document_name("gpu-probe"), false),
            (shell().document_name("gpu-probe").set_parameters(None), true),
            (shell().document_name("other").set_parameters(None), false),
        ];
        for (command, expected) in cases {
            let command = command.build().unwrap();
            assert_eq!(is_probe(&command, &own), expected, "{command:?}");
        }
    }
}
