//! Reads of Amazon ECS: clusters and services, tasks, task definitions, deployment histories.

mod convert;

use std::collections::BTreeMap;
use std::pin::pin;

use aws_sdk_ecs::types::{
    DesiredStatus, Failure, ServiceDeployment as SdkDeployment, ServiceField, TaskDefinitionStatus,
};
use futures_util::future::{Either, select, try_join};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::domain::ecs::{
    Cluster, Fleet, RevisionName, Service, ServiceDeployment, ServiceRevision, Task, short_task_definition,
};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::last_segment;
use crate::domain::ops::ecs::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::policy::{ClusterPart, Selection};

const CLUSTERS: Operation = Operation::new("ecs", "ListClusters");
const LIST_SERVICES: Operation = Operation::new("ecs", "ListServices");
const DESCRIBE_SERVICES: Operation = Operation::new("ecs", "DescribeServices");
const LIST_TASKS: Operation = Operation::new("ecs", "ListTasks");
const DESCRIBE_TASKS: Operation = Operation::new("ecs", "DescribeTasks");
const TASK_DEFINITION: Operation = Operation::new("ecs", "DescribeTaskDefinition");
const LIST_REVISIONS: Operation = Operation::new("ecs", "ListTaskDefinitions");
const LIST_DEPLOYMENTS: Operation = Operation::new("ecs", "ListServiceDeployments");
const DESCRIBE_DEPLOYMENTS: Operation = Operation::new("ecs", "DescribeServiceDeployments");
const DESCRIBE_REVISIONS: Operation = Operation::new("ecs", "DescribeServiceRevisions");

/// The most that AWS puts on a page of any ECS list; unasked it is ten.
const PAGE: i32 = 100;
/// The most services that one call describes.
const SERVICES: usize = 10;
/// The most tasks that one call describes.
const TASKS: usize = 100;
/// The most service deployments or revisions that one call describes.
const DEPLOYMENTS: usize = 20;
/// How far back a history is described: a service that is deployed all day keeps hundreds.
const HISTORY: usize = 100;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Fleet => fleet(caller, &Selection::default()).await,
        Read::FleetOf(selection) => fleet(caller, selection).await,
        Read::Tasks { cluster, service } => tasks(caller, cluster, service).await,
        Read::TaskDefinitions { revisions } => task_definitions(caller, revisions).await,
        Read::Revisions { family } => revisions(caller, family).await,
        Read::Deployments { cluster, service } => deployments(caller, cluster, service).await,
    }
}

async fn fleet(caller: &Caller<'_>, selection: &Selection) -> Result<Reply, Fault> {
    let clusters = pages(|token| async move {
        let call = caller
            .ecs()
            .list_clusters()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(CLUSTERS, call.send()).await?;
        Ok(Page {
            items: page.cluster_arns.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    let parts: Vec<(&String, ClusterPart)> = clusters
        .items
        .iter()
        .map(|cluster| (cluster, selection.part_of_cluster(last_segment(cluster))))
        .filter(|(_, part)| *part != ClusterPart::Nothing)
        .collect();
    let answers = each(parts, |(cluster, part)| {
        let named = (part == ClusterPart::Named).then_some(selection);
        services(caller, cluster, named)
    })
    .await;
    let (mut services, mut gaps) = some(answers)?;
    gaps.extend(clusters.gap);
    services.sort_by(|a, b| (&a.cluster, &a.name).cmp(&(&b.cluster, &b.name)));
    let mut clusters: Vec<_> = clusters
        .items
        .into_iter()
        .map(|arn| Cluster {
            name: last_segment(&arn).to_owned(),
            arn,
        })
        .collect();
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::EcsFleet(Fleet { clusters, services }),
        gaps,
    })
}

/// The services of one cluster, or those that are `named` in it. Describing begins while the listing still goes on: with a thousand
/// services the listing alone takes ten calls, one after the other.
async fn services(
    caller: &Caller<'_>,
    cluster: &str,
    named: Option<&Selection>,
) -> Result<Paged<Service>, Fault> {
    let mut found = Described::default();
    let mut describing = FuturesUnordered::new();
    let mut listed = Vec::new();
    let mut token = None;
    loop {
        let mut listing = pin!(list_services(caller, cluster, token.clone()));
        let page = loop {
            if describing.is_empty() {
                break listing.await;
            }
            match select(listing, describing.next()).await {
                Either::Left((page, _)) => break page,
                Either::Right((answer, rest)) => {
                    found.add(answer);
                    listing = rest;
                }
            }
        };
        let next = match page {
            Ok(page) => {
                let wanted = |arn: &String| named.is_none_or(|names| names.includes_name(last_segment(arn)));
                listed.extend(page.items.into_iter().filter(wanted));
                page.next
                    .filter(|next| !next.is_empty() && Some(next) != token.as_ref())
            }
            Err(fault) => {
                found.gap = Some(fault);
                None
            }
        };
        // A page may hold fewer than it could. What does not fill a call waits for the next page,
        // so that no more than ⌈services/10⌉ calls are made.
        let ready = match next {
            Some(_) => listed.len() - listed.len() % SERVICES,
            None => listed.len(),
        };
        let left = listed.split_off(ready);
        for chunk in listed.chunks(SERVICES) {
            describing.push(describe_services(caller, cluster, chunk.to_vec()));
        }
        listed = left;
        token = next;
        if token.is_none() {
            break;
        }
    }
    while let Some(answer) = describing.next().await {
        found.add(Some(answer));
    }
    found.into_paged()
}

/// What was described so far.
#[derive(Default)]
struct Described {
    services: Vec<Service>,
    answered: bool,
    gap: Option<Fault>,
}

impl Described {
    fn add(&mut self, answer: Option<Result<Paged<Service>, Fault>>) {
        match answer {
            Some(Ok(page)) => {
                self.answered = true;
                self.services.extend(page.items);
                self.gap = self.gap.take().or(page.gap);
            }
            Some(Err(fault)) => self.gap = Some(fault),
            None => {}
        }
    }

    fn into_paged(self) -> Result<Paged<Service>, Fault> {
        match self.gap {
            Some(fault) if !self.answered => Err(fault),
            gap => Ok(Paged {
                items: self.services,
                gap,
            }),
        }
    }
}

async fn list_services(
    caller: &Caller<'_>,
    cluster: &str,
    token: Option<String>,
) -> Result<Page<String>, Fault> {
    let call = caller
        .ecs()
        .list_services()
        .cluster(cluster)
        .max_results(PAGE)
        .set_next_token(token);
    let page = caller
        .call(LIST_SERVICES, call.send())
        .await
        .map_err(|fault| of_part(fault, last_segment(cluster)))?;
    Ok(Page {
        items: page.service_arns.unwrap_or_default(),
        next: page.next_token,
    })
}

async fn describe_services(
    caller: &Caller<'_>,
    cluster: &str,
    services: Vec<String>,
) -> Result<Paged<Service>, Fault> {
    let call = caller
        .ecs()
        .describe_services()
        .cluster(cluster)
        .set_services(Some(services))
        .include(ServiceField::Tags);
    let answer = caller
        .call(DESCRIBE_SERVICES, call.send())
        .await
        .map_err(|fault| of_part(fault, last_segment(cluster)))?;
    Ok(Paged {
        items: answer
            .services()
            .iter()
            .filter_map(convert::service_from_sdk)
            .collect(),
        gap: failure(DESCRIBE_SERVICES, answer.failures()),
    })
}

/// What a call that succeeded could not describe. What is merely gone is no failure: it was
/// deleted since it was listed.
fn failure(operation: Operation, failures: &[Failure]) -> Option<Fault> {
    let failure = failures
        .iter()
        .find(|failure| failure.reason() != Some("MISSING"))?;
    let kind = match failure.reason() {
        Some("ACCESS_DENIED" | "AccessDenied") => FaultKind::AccessDenied,
        _ => FaultKind::Other,
    };
    let message = format!(
        "{}: {}",
        failure.arn().unwrap_or_default(),
        failure.detail().or(failure.reason()).unwrap_or("not described")
    );
    let fault = Fault::new(kind, operation.service, operation.name, message);
    Some(match failure.reason() {
        Some(reason) => fault.with_code(reason),
        None => fault,
    })
}

async fn tasks(caller: &Caller<'_>, cluster: &str, service: &str) -> Result<Reply, Fault> {
    let listed = |status: DesiredStatus| {
        pages(move |token| {
            let call = caller
                .ecs()
                .list_tasks()
                .cluster(cluster)
                .service_name(service)
                .desired_status(status.clone())
                .max_results(PAGE)
                .set_next_token(token);
            async move {
                let page = caller.call(LIST_TASKS, call.send()).await?;
                Ok(Page {
                    items: page.task_arns.unwrap_or_default(),
                    next: page.next_token,
                })
            }
        })
    };
    let (running, stopped) = try_join(listed(DesiredStatus::Running), listed(DesiredStatus::Stopped)).await?;
    let mut arns = running.items;
    arns.extend(stopped.items);
    let answers = each(arns.chunks(TASKS), |chunk| describe_tasks(caller, cluster, chunk)).await;
    let (mut tasks, mut gaps) = some(answers)?;
    gaps.extend(running.gap.into_iter().chain(stopped.gap));
    // Running ones first, then the newest: what stopped last says most.
    tasks.sort_by_key(|task| {
        let stopped = task.stopped_at;
        (stopped.is_some(), std::cmp::Reverse(stopped.or(task.started_at)))
    });
    Ok(Reply {
        data: ReplyData::EcsTasks(tasks),
        gaps,
    })
}

async fn describe_tasks(caller: &Caller<'_>, cluster: &str, arns: &[String]) -> Result<Paged<Task>, Fault> {
    let call = caller
        .ecs()
        .describe_tasks()
        .cluster(cluster)
        .set_tasks(Some(arns.to_vec()));
    let answer = caller.call(DESCRIBE_TASKS, call.send()).await?;
    Ok(Paged {
        items: answer.tasks().iter().filter_map(convert::task_from_sdk).collect(),
        gap: failure(DESCRIBE_TASKS, answer.failures()),
    })
}

async fn task_definitions(caller: &Caller<'_>, revisions: &[String]) -> Result<Reply, Fault> {
    let answers = each(revisions, |revision| async move {
        let call = caller.ecs().describe_task_definition().task_definition(revision);
        let answer = caller
            .call(TASK_DEFINITION, call.send())
            .await
            .map_err(|fault| of_part(fault, revision))?;
        answer
            .task_definition()
            .and_then(convert::task_definition_from_sdk)
            .map(one)
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::Other,
                    TASK_DEFINITION.service,
                    TASK_DEFINITION.name,
                    format!("{revision}: the answer holds no task definition"),
                )
            })
    })
    .await;
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a, b| (&a.family, a.revision).cmp(&(&b.family, b.revision)));
    Ok(Reply {
        data: ReplyData::TaskDefinitions(found),
        gaps,
    })
}

/// The revisions of a family. Unasked AWS lists the active ones alone, and its filter is the whole name.
async fn revisions(caller: &Caller<'_>, family: &str) -> Result<Reply, Fault> {
    let (active, inactive) = try_join(
        list_revisions(caller, family, TaskDefinitionStatus::Active),
        list_revisions(caller, family, TaskDefinitionStatus::Inactive),
    )
    .await?;
    let gaps = active.gap.into_iter().chain(inactive.gap).collect();
    let mut found: Vec<RevisionName> = named(&active.items, family, true)
        .chain(named(&inactive.items, family, false))
        .collect();
    found.sort_by_key(|name| std::cmp::Reverse(name.revision));
    Ok(Reply {
        data: ReplyData::Revisions(found),
        gaps,
    })
}

async fn list_revisions(
    caller: &Caller<'_>,
    family: &str,
    status: TaskDefinitionStatus,
) -> Result<Paged<String>, Fault> {
    let status = &status;
    pages(|token| async move {
        let call = caller
            .ecs()
            .list_task_definitions()
            .family_prefix(family)
            .status(status.clone())
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST_REVISIONS, call.send()).await?;
        Ok(Page {
            items: page.task_definition_arns.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

/// Revisions of a family by their ARNs.
fn named<'a>(arns: &'a [String], family: &'a str, active: bool) -> impl Iterator<Item = RevisionName> + 'a {
    arns.iter().filter_map(move |arn| {
        let (of, number) = short_task_definition(arn).rsplit_once(':')?;
        (of == family).then_some(RevisionName {
            family: family.to_owned(),
            revision: number.parse().ok()?,
            active,
        })
    })
}

async fn deployments(caller: &Caller<'_>, cluster: &str, service: &str) -> Result<Reply, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .ecs()
            .list_service_deployments()
            .cluster(cluster)
            .service(service)
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST_DEPLOYMENTS, call.send()).await?;
        Ok(Page {
            items: page.service_deployments.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    // The order is not documented.
    listed
        .items
        .sort_by_key(|brief| std::cmp::Reverse(brief.created_at().map(aws_smithy_types::DateTime::as_nanos)));
    let arns: Vec<String> = listed
        .items
        .into_iter()
        .filter_map(|brief| brief.service_deployment_arn)
        .take(HISTORY)
        .collect();
    let answers = each(arns.chunks(DEPLOYMENTS), |chunk| {
        describe_deployments(caller, chunk)
    })
    .await;
    let (described, mut gaps) = some(answers)?;
    let mut targets: Vec<String> = described
        .iter()
        .filter_map(|deployment| deployment.target_service_revision()?.arn.clone())
        .collect();
    targets.sort();
    targets.dedup();
    let answers = each(targets.chunks(DEPLOYMENTS), |chunk| {
        describe_revisions(caller, chunk)
    })
    .await;
    let (revisions, more_gaps) = some(answers)?;
    gaps.extend(listed.gap.into_iter().chain(more_gaps));
    let revisions: BTreeMap<&str, &ServiceRevision> = revisions
        .iter()
        .map(|revision| (revision.arn.as_str(), revision))
        .collect();
    let mut history: Vec<ServiceDeployment> = described
        .iter()
        .filter_map(|deployment| convert::service_deployment_from_sdk(deployment, &revisions))
        .collect();
    history.sort_by_key(|deployment| std::cmp::Reverse(deployment.started_at));
    Ok(Reply {
        data: ReplyData::ServiceDeployments(history),
        gaps,
    })
}

async fn describe_deployments(caller: &Caller<'_>, arns: &[String]) -> Result<Paged<SdkDeployment>, Fault> {
    let call = caller
        .ecs()
        .describe_service_deployments()
        .set_service_deployment_arns(Some(arns.to_vec()));
    let answer = caller.call(DESCRIBE_DEPLOYMENTS, call.send()).await?;
    Ok(Paged {
        gap: failure(DESCRIBE_DEPLOYMENTS, answer.failures()),
        items: answer.service_deployments.unwrap_or_default(),
    })
}

/// What deployments brought. Revisions from before 25 October 2024 cannot be described and are
/// MISSING; they stay without a task definition.
async fn describe_revisions(caller: &Caller<'_>, arns: &[String]) -> Result<Paged<ServiceRevision>, Fault> {
    let call = caller
        .ecs()
        .describe_service_revisions()
        .set_service_revision_arns(Some(arns.to_vec()));
    let answer = caller.call(DESCRIBE_REVISIONS, call.send()).await?;
    Ok(Paged {
        items: answer
            .service_revisions()
            .iter()
            .filter_map(convert::service_revision_from_sdk)
            .collect(),
        gap: failure(DESCRIBE_REVISIONS, answer.failures()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let (cluster, service) = (String::new(), String::new());
        assert_eq!(
            Read::Fleet.operations(),
            [CLUSTERS, LIST_SERVICES, DESCRIBE_SERVICES]
        );
        let tasks = Read::Tasks {
            cluster: cluster.clone(),
            service: service.clone(),
        };
        assert_eq!(tasks.operations(), [LIST_TASKS, DESCRIBE_TASKS]);
        let family = String::new();
        assert_eq!(Read::Revisions { family }.operations(), [LIST_REVISIONS]);
        let revisions = Vec::new();
        assert_eq!(
            Read::TaskDefinitions { revisions }.operations(),
            [TASK_DEFINITION]
        );
        assert_eq!(
            Read::Deployments { cluster, service }.operations(),
            [LIST_DEPLOYMENTS, DESCRIBE_DEPLOYMENTS, DESCRIBE_REVISIONS]
        );
    }
}
