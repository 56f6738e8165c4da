//! `qd iam-policy`: the least policy that is needed, from the operations that the program declares.
//! A test holds what is called to what is declared.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::domain::ops::rds::OwnCopy;
use crate::domain::ops::{Operation, catalog, ssm};
use crate::headless::out::{Page, Report, complain};
use crate::headless::table::{Cell, Column, Table};
use crate::headless::{Exit, Out};

/// The SSM document that the probe runs unless the estate has one of its own.
const SHELL_DOCUMENT: &str = "AWS-RunShellScript";
/// The operation that runs it, which is granted for a document and for instances.
const SEND_COMMAND: &str = "SendCommand";
/// No operation of an API: what it takes to name a role in a call.
const PASS_ROLE: &str = "iam:PassRole";

/// What the policy is to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// To look.
    ReadOnly,
    /// To look, and to run runbooks.
    ReadWrite,
}

/// Whether nvidia-smi is to be run on GPU hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe<'a> {
    /// No.
    Never,
    /// With AWS's document for shell commands.
    Shell,
    /// With the estate's own document.
    Document(&'a str),
}

/// A policy document.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    action: Vec<String>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<serde_json::Value>,
}

/// What must be granted for a document or a parameter by its ARN, and is not granted here: commands that
/// runbooks run on hosts, as root, and secrets that hold the address of a webhook.
const BY_NAME: [(&str, &str); 2] = [("ssm", SEND_COMMAND), ("ssm", "GetParameter")];

/// The policy.
pub fn policy(grant: Grant, probe: Probe<'_>) -> Policy {
    let mut statement = Vec::new();
    let mut reads = catalog::read_operations();
    let of_probe = operations_of_the_probe();
    reads.retain(|operation| !of_probe.contains(operation));
    // One statement: a managed policy has room for few characters, and nobody narrows reads by service.
    statement.push(Statement {
        sid: "QuarterdeckRead".to_owned(),
        effect: "Allow",
        action: actions(&reads),
        resource: vec!["*".to_owned()],
        condition: None,
    });
    match probe {
        Probe::Never => {}
        Probe::Shell => statement.extend(probe_statements(
            &of_probe,
            format!("arn:aws:ssm:*::document/{SHELL_DOCUMENT}"),
        )),
        Probe::Document(name) => statement.extend(probe_statements(&of_probe, document_arn(name))),
    }
    match grant {
        Grant::ReadOnly => {}
        Grant::ReadWrite => {
            let mut changes = catalog::write_operations();
            // What a change reads first may be granted already.
            changes.extend(catalog::prerequisites().difference(&reads));
            changes.retain(|operation| !BY_NAME.contains(&(operation.service, operation.name)));
            changes.retain(|operation| (operation.service, operation.name) != DELETE_COPY);
            statement.extend(changes_by_service(&changes));
            statement.push(delete_copies());
            statement.push(pass_roles());
        }
    }
    Policy {
        version: "2012-10-17",
        statement,
    }
}

/// The one deletion of a database: of copies that runs made. AWS itself refuses everything else.
const DELETE_COPY: (&str, &str) = ("rds", "DeleteDBInstance");

fn delete_copies() -> Statement {
    Statement {
        sid: "QuarterdeckDeleteOwnCopies".to_owned(),
        effect: "Allow",
        action: vec![format!("{}:{}", DELETE_COPY.0, DELETE_COPY.1)],
        resource: vec!["arn:aws:rds:*:*:db:*".to_owned()],
        condition: Some(serde_json::json!({
            "StringLike": {format!("aws:ResourceTag/{}", OwnCopy::TAG): "r-*"}
        })),
    }
}

/// A copy of a task definition names the roles of the original, which whoever registers it must be
/// allowed to give to tasks.
fn pass_roles() -> Statement {
    Statement {
        sid: "QuarterdeckPassTaskRoles".to_owned(),
        effect: "Allow",
        action: vec![PASS_ROLE.to_owned()],
        resource: vec!["*".to_owned()],
        condition: Some(serde_json::json!({
            "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        })),
    }
}

/// What only the probe needs.
fn operations_of_the_probe() -> BTreeSet<Operation> {
    let probe = ssm::Read::GpuProbe {
        instances: Vec::new(),
        document: None,
    };
    let hosts = ssm::Read::Hosts.operations();
    let all = probe.operations().iter().copied();
    all.filter(|operation| !hosts.contains(operation)).collect()
}

fn document_arn(name: &str) -> String {
    if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!("arn:aws:ssm:*:*:document/{name}")
    }
}

fn probe_statements(operations: &BTreeSet<Operation>, document: String) -> Vec<Statement> {
    let (send, rest): (BTreeSet<Operation>, BTreeSet<Operation>) = operations
        .iter()
        .partition(|operation| operation.name == SEND_COMMAND);
    let statement = |sid: &str, operations: &BTreeSet<Operation>, resource: Vec<String>| Statement {
        sid: sid.to_owned(),
        effect: "Allow",
        action: actions(operations),
        resource,
        condition: None,
    };
    vec![
        statement(
            "QuarterdeckProbeGpuHosts",
            &send,
            vec![document, "arn:aws:ec2:*:*:instance/*".to_owned()],
        ),
        statement("QuarterdeckReadProbeResults", &rest, vec!["*".to_owned()]),
    ]
}

fn actions(operations: &BTreeSet<Operation>) -> Vec<String> {
    let actions: BTreeSet<String> = operations.iter().filter_map(Operation::iam_action).collect();
    actions.into_iter().collect()
}

/// A statement for each service, so that what may be changed can be narrowed to some resources.
fn changes_by_service(operations: &BTreeSet<Operation>) -> Vec<Statement> {
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in actions(operations) {
        let service = action.split(':').next().unwrap_or_default().to_owned();
        services.entry(service).or_default().push(action);
    }
    services
        .into_iter()
        .map(|(service, action)| Statement {
            sid: format!("QuarterdeckChange{}", title(&service)),
            effect: "Allow",
            action,
            resource: vec!["*".to_owned()],
            condition: None,
        })
        .collect()
}

/// Letters and digits alone, which is all that a Sid may have.
fn title(service: &str) -> String {
    let mut title = String::new();
    for word in service.split(|character: char| !character.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        title.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        title.extend(letters);
    }
    title
}

/// Prints it.
pub fn run(grant: Grant, probe: Probe<'_>, out: &Out) -> anyhow::Result<Exit> {
    out.report(&policy(grant, probe))?;
    if probe == Probe::Shell {
        complain(
            "qd: whoever may run AWS-RunShellScript is root on these hosts. Narrow QuarterdeckProbeGpuHosts to \
             the GPU hosts, by a condition on ssm:resourceTag or by their ARNs; or name an SSM document that \
             runs nothing but nvidia-smi as `probe_document` in the estate file, or leave the probe out with \
             --no-probe.",
        );
    }
    Ok(Exit::Done)
}

impl Report for Policy {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::new([
            Column::words("STATEMENT", 12).sheds(1),
            Column::fixed("ACTION"),
            Column::words("RESOURCE", 12),
        ]);
        for statement in &self.statement {
            for action in &statement.action {
                table.row([
                    Cell::new(&statement.sid),
                    Cell::new(action),
                    Cell::new(statement.resource.join(", ")),
                ]);
            }
        }
        table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.statement.iter().map(serde_json::to_value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_actions(policy: &Policy) -> Vec<&str> {
        let actions = policy.statement.iter().flat_map(|statement| &statement.action);
        actions.map(String::as_str).collect()
    }

    #[test]
    fn every_declared_operation_is_granted_once_and_nothing_else() {
        let policy = policy(Grant::ReadWrite, Probe::Shell);
        let mut granted = all_actions(&policy);
        granted.sort_unstable();
        let declared: BTreeSet<String> = catalog::read_operations()
            .iter()
            .chain(&catalog::write_operations())
            .chain(&catalog::prerequisites())
            .filter(|operation| operation.name != "GetParameter")
            .filter_map(Operation::iam_action)
            .chain([PASS_ROLE.to_owned()])
            .collect();
        assert_eq!(granted, declared.iter().collect::<Vec<_>>());
    }

    #[test]
    fn looking_alone_changes_nothing() {
        let policy = policy(Grant::ReadOnly, Probe::Never);
        let writes: BTreeSet<String> = catalog::write_operations()
            .iter()
            .filter_map(Operation::iam_action)
            .collect();
        assert!(
            all_actions(&policy)
                .iter()
                .all(|action| !writes.contains(*action) && !action.ends_with(":SendCommand"))
        );
    }

    #[test]
    fn commands_are_allowed_for_one_document_alone() {
        let resources = |probe| {
            let policy = policy(Grant::ReadOnly, probe);
            let mut found = policy
                .statement
                .into_iter()
                .filter(|statement| statement.action.contains(&"ssm:SendCommand".to_owned()));
            let only = found.next().unwrap();
            assert_eq!((found.next(), only.action.len()), (None, 1));
            only.resource
        };
        let instances = "arn:aws:ec2:*:*:instance/*";
        assert_eq!(
            resources(Probe::Shell),
            ["arn:aws:ssm:*::document/AWS-RunShellScript", instances]
        );
        assert_eq!(
            resources(Probe::Document("gpu-probe")),
            ["arn:aws:ssm:*:*:document/gpu-probe", instances]
        );
    }

    #[test]
    fn commands_of_runbooks_and_secrets_are_the_operators_to_grant() {
        let policy = policy(Grant::ReadWrite, Probe::Never);
        let all = all_actions(&policy);
        assert!(!all.contains(&"ssm:SendCommand") && !all.contains(&"ssm:GetParameter"));
    }

    #[test]
    fn databases_are_deleted_only_if_a_run_made_them() {
        let policy = policy(Grant::ReadWrite, Probe::Never);
        let mut deleting = policy.statement.iter().filter(|statement| {
            statement
                .action
                .iter()
                .any(|action| action == "rds:DeleteDBInstance")
        });
        let only = deleting.next().unwrap();
        assert_eq!((deleting.next(), only.action.len()), (None, 1));
        let condition = only.condition.as_ref().unwrap();
        assert_eq!(condition["StringLike"]["aws:ResourceTag/quarterdeck:run"], "r-*");
    }

    #[test]
    fn the_policy_fits_iam() {
        // A managed policy has at most 6,144 characters, white space not counted; the policies that stand in a role
        // itself have 10,240 together.
        let json = serde_json::to_string(&policy(Grant::ReadOnly, Probe::Shell)).unwrap();
        assert!(json.len() <= 6144, "{}", json.len());
        let policy = policy(Grant::ReadWrite, Probe::Shell);
        let json = serde_json::to_string(&policy).unwrap();
        assert!(json.len() <= 10_240, "{}", json.len());
        let sids: BTreeSet<&str> = policy.statement.iter().map(|one| one.sid.as_str()).collect();
        assert_eq!(sids.len(), policy.statement.len());
        assert!(
            sids.iter()
                .all(|sid| sid.chars().all(|one| one.is_ascii_alphanumeric()))
        );
    }
}
