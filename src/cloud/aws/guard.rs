//! Refuses, before anything is sent, what the client at hand is not for: the last wall between a
//! read-only console and AWS.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use aws_sdk_ssm::operation::send_command::SendCommandInput;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, Input,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::cloud::aws::AwsSettings;
use crate::cloud::aws::clients::Purpose;
use crate::cloud::aws::probe;
use crate::cloud::read_only::ReadOnlySwitch;
use crate::domain::ops::{Operation, catalog};

/// Lets through what a client is for.
#[derive(Debug)]
pub(super) struct Guard {
    service: &'static str,
    purpose: Purpose,
    read_only: Arc<ReadOnlySwitch>,
    probe_documents: Vec<String>,
    command_documents: Vec<String>,
}

/// Why a call was refused here. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the console is read-only")]
    ReadOnly,
    #[error("{0} is not among the operations that this program makes")]
    Unlisted(String),
    #[error("only the GPU probe may be sent to a host")]
    NotTheProbe,
    #[error("the operator's settings do not allow this document to be run on a host")]
    DocumentNotAllowed,
}

impl Guard {
    pub(super) fn new(service: &'static str, purpose: Purpose, settings: &AwsSettings) -> Self {
        Self {
            service,
            purpose,
            read_only: settings.read_only.clone(),
            probe_documents: settings.probe_documents.clone(),
            command_documents: settings.command_documents.clone(),
        }
    }

    fn check(&self, operation: &str, input: &Input) -> Result<(), Refused> {
        let operations = match self.purpose {
            Purpose::Read => reads(),
            Purpose::Write if self.read_only.is_on() => return Err(Refused::ReadOnly),
            Purpose::Write => writes(),
        };
        // By name, and closed: what nobody declared is refused.
        let listed = operations
            .iter()
            .chain(first_reads(self.purpose))
            .any(|listed| listed.service == self.service && listed.name == operation);
        if !listed {
            return Err(Refused::Unlisted(format!("{}:{operation}", self.service)));
        }
        if operation == "SendCommand" {
            let allowed = |command: &SendCommandInput| match self.purpose {
                Purpose::Read => probe::is_probe(command, &self.probe_documents),
                Purpose::Write => probe::is_allowed(command, &self.command_documents),
            };
            if !input.downcast_ref().is_some_and(allowed) {
                return Err(match self.purpose {
                    Purpose::Read => Refused::NotTheProbe,
                    Purpose::Write => Refused::DocumentNotAllowed,
                });
            }
        }
        Ok(())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "quarterdeck-guard"
    }

    // Not before the execution: a client's interceptors do not know the operation yet then.
    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("", Metadata::name);
        Ok(self.check(operation, context.input())?)
    }
}

/// What a client for changes may read: what a change needs to know right before it is made.
fn first_reads(purpose: Purpose) -> &'static BTreeSet<Operation> {
    static NONE: BTreeSet<Operation> = BTreeSet::new();
    static FIRST: OnceLock<BTreeSet<Operation>> = OnceLock::new();
    match purpose {
        Purpose::Read => &NONE,
        Purpose::Write => FIRST.get_or_init(catalog::prerequisites),
    }
}

/// The operations that reads make.
pub(super) fn reads() -> &'static BTreeSet<Operation> {
    static READS: OnceLock<BTreeSet<Operation>> = OnceLock::new();
    READS.get_or_init(catalog::read_operations)
}

/// The operations that changes make.
pub(super) fn writes() -> &'static BTreeSet<Operation> {
    static WRITES: OnceLock<BTreeSet<Operation>> = OnceLock::new();
    WRITES.get_or_init(catalog::write_operations)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn guard(service: &'static str, purpose: Purpose, read_only: &Arc<ReadOnlySwitch>) -> Guard {
        let settings = AwsSettings {
            read_only: read_only.clone(),
            ..AwsSettings::default()
        };
        Guard::new(service, purpose, &settings)
    }

    fn check(guard: &Guard, operation: &str) -> Result<(), Refused> {
        guard.check(operation, &Input::doesnt_matter())
    }

    fn unlisted(operation: &str) -> Result<(), Refused> {
        Err(Refused::Unlisted(operation.to_owned()))
    }

    #[test]
    fn a_client_for_reads_makes_no_change_whatever_the_switch() {
        for read_only in [ReadOnlySwitch::on(), ReadOnlySwitch::off()] {
            let ecs = guard("ecs", Purpose::Read, &Arc::new(read_only));
            assert_eq!(check(&ecs, "DescribeServices"), Ok(()));
            assert_eq!(check(&ecs, "UpdateService"), unlisted("ecs:UpdateService"));
            // A read that nobody declared, a read of another service, and no name at all.
            assert_eq!(check(&ecs, "DescribeTaskSets"), unlisted("ecs:DescribeTaskSets"));
            assert_eq!(
                check(&ecs, "DescribeDBInstances"),
                unlisted("ecs:DescribeDBInstances")
            );
            assert_eq!(check(&ecs, ""), unlisted("ecs:"));
        }
    }

    #[test]
    fn a_client_for_changes_obeys_the_switch_at_each_of_them() {
        let read_only = Arc::new(ReadOnlySwitch::off());
        let ecs = guard("ecs", Purpose::Write, &read_only);
        assert_eq!(check(&ecs, "UpdateService"), Ok(()));
        assert_eq!(check(&ecs, "DeleteCluster"), unlisted("ecs:DeleteCluster"));
        // A copy of a task definition reads it first; other reads are none of its business.
        assert_eq!(check(&ecs, "DescribeTaskDefinition"), Ok(()));
        assert_eq!(check(&ecs, "DescribeServices"), unlisted("ecs:DescribeServices"));
        read_only.turn_on();
        assert_eq!(check(&ecs, "UpdateService"), Err(Refused::ReadOnly));
    }

    #[test]
    fn a_command_that_cannot_be_looked_into_is_not_sent() {
        let ssm = guard("ssm", Purpose::Read, &Arc::new(ReadOnlySwitch::on()));
        assert_eq!(check(&ssm, "SendCommand"), Err(Refused::NotTheProbe));
        let other = SendCommandInput::builder()
            .document_name("AWS-RunShellScript")
            .instance_ids("i-1")
            .build()
            .unwrap();
        assert_eq!(
            ssm.check("SendCommand", &Input::erase(other)),
            Err(Refused::NotTheProbe)
        );
    }
}
