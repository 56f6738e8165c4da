//! Reads of Amazon SageMaker: endpoints with their configurations, training jobs, notebooks.

mod convert;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sagemaker::types::{EndpointConfigSortKey, OrderKey, SortBy, SortOrder, TrainingJobSummary};
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};

use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{date_time, tag, timestamp_of};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Tag;
use crate::domain::ops::sagemaker::{MOST_CONFIGS, Read};
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::sagemaker::{Endpoint, EndpointConfig, TrainingJob};

const LIST_ENDPOINTS: Operation = Operation::new("sagemaker", "ListEndpoints");
const ENDPOINT: Operation = Operation::new("sagemaker", "DescribeEndpoint");
const LIST_CONFIGS: Operation = Operation::new("sagemaker", "ListEndpointConfigs");
const CONFIG: Operation = Operation::new("sagemaker", "DescribeEndpointConfig");
const TAGS: Operation = Operation::new("sagemaker", "ListTags");
const LIST_JOBS: Operation = Operation::new("sagemaker", "ListTrainingJobs");
const JOB: Operation = Operation::new("sagemaker", "DescribeTrainingJob");
const LIST_NOTEBOOKS: Operation = Operation::new("sagemaker", "ListNotebookInstances");
const LIST_APPS: Operation = Operation::new("sagemaker", "ListApps");

/// The most that AWS puts on a page.
const PAGE: i32 = 100;
/// Training jobs that are described: each is a call of its own.
const MOST_JOBS: usize = 20;
/// How long after its end a job is described.
const JOB_NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Endpoints => endpoints(caller).await,
        Read::EndpointConfigs { name: Some(name) } => named_config(caller, name).await,
        Read::EndpointConfigs { name: None } => newest_configs(caller).await,
        Read::TrainingJobs { since } => training_jobs(caller, *since).await,
        Read::Notebooks => notebooks(caller).await,
    }
}

async fn endpoints(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: names, gap } = pages(|token| async move {
        let call = caller
            .sagemaker()
            .list_endpoints()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST_ENDPOINTS, call.send()).await?;
        Ok(Page {
            items: page
                .endpoints()
                .iter()
                .filter_map(|summary| summary.endpoint_name().map(str::to_owned))
                .collect::<Vec<_>>(),
            next: page.next_token,
        })
    })
    .await?;
    let mut answers = each(
        names,
        |name| async move { endpoint(caller, &name).await.map(one) },
    )
    .await;
    // One that was deleted since it was listed is no gap: it is not there.
    answers.retain(|answer| !matches!(answer, Err(fault) if is_absent(fault)));
    let (mut found, mut gaps) = some(answers)?;
    gaps.extend(gap);
    let in_use: BTreeSet<String> = found.iter().map(|endpoint| endpoint.config.clone()).collect();
    let answers = each(in_use, |name| async move { config(caller, &name).await.map(one) }).await;
    // Without its configuration an endpoint still is what it is: what it runs on is not known then.
    let mut configs: BTreeMap<String, EndpointConfig> = BTreeMap::new();
    for answer in answers {
        match answer {
            Ok(listed) => configs.extend(
                listed
                    .items
                    .into_iter()
                    .map(|config| (config.name.clone(), config)),
            ),
            Err(fault) if is_absent(&fault) => {}
            Err(fault) => gaps.push(fault),
        }
    }
    for endpoint in &mut found {
        if let Some(config) = configs.get(&endpoint.config) {
            convert::complete(endpoint, config);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Endpoints(found),
        gaps,
    })
}

async fn endpoint(caller: &Caller<'_>, name: &str) -> Result<Endpoint, Fault> {
    let call = caller.sagemaker().describe_endpoint().endpoint_name(name);
    let described = caller
        .call(ENDPOINT, call.send())
        .await
        .map_err(|fault| of_part(fault, name))?;
    let mut endpoint = convert::endpoint(&described);
    endpoint.tags = tags(caller, &endpoint.arn)
        .await
        .map_err(|fault| of_part(fault, name))?;
    Ok(endpoint)
}

async fn tags(caller: &Caller<'_>, arn: &str) -> Result<Vec<Tag>, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .sagemaker()
            .list_tags()
            .resource_arn(arn)
            .set_next_token(token);
        let page = caller.call(TAGS, call.send()).await?;
        Ok(Page {
            items: page
                .tags()
                .iter()
                .map(|one| tag(one.key(), one.value()))
                .collect::<Vec<_>>(),
            next: page.next_token,
        })
    })
    .await?;
    match listed.gap {
        Some(fault) => Err(fault),
        None => Ok(listed.items),
    }
}

async fn config(caller: &Caller<'_>, name: &str) -> Result<EndpointConfig, Fault> {
    let call = caller
        .sagemaker()
        .describe_endpoint_config()
        .endpoint_config_name(name);
    let described = caller
        .call(CONFIG, call.send())
        .await
        .map_err(|fault| of_part(fault, name))?;
    Ok(convert::config(&described))
}

async fn named_config(caller: &Caller<'_>, name: &str) -> Result<Reply, Fault> {
    let found = match config(caller, name).await {
        Ok(config) => vec![config],
        Err(fault) if is_absent(&fault) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    Ok(Reply::whole(ReplyData::EndpointConfigs(found)))
}

async fn newest_configs(caller: &Caller<'_>) -> Result<Reply, Fault> {
    // One page holds more than are described.
    let call = caller
        .sagemaker()
        .list_endpoint_configs()
        .sort_by(EndpointConfigSortKey::CreationTime)
        .sort_order(OrderKey::Descending)
        .max_results(PAGE);
    let page = caller.call(LIST_CONFIGS, call.send()).await?;
    let names: Vec<String> = page
        .endpoint_configs()
        .iter()
        .filter_map(|summary| summary.endpoint_config_name().map(str::to_owned))
        .take(MOST_CONFIGS)
        .collect();
    let mut answers = each(names, |name| async move { config(caller, &name).await.map(one) }).await;
    answers.retain(|answer| !matches!(answer, Err(fault) if is_absent(fault)));
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
    Ok(Reply {
        data: ReplyData::EndpointConfigs(found),
        gaps,
    })
}

async fn training_jobs(caller: &Caller<'_>, since: Timestamp) -> Result<Reply, Fault> {
    let Paged {
        items: summaries,
        gap,
    } = pages(|token| async move {
        let call = caller
            .sagemaker()
            .list_training_jobs()
            .creation_time_after(date_time(since))
            .sort_by(SortBy::CreationTime)
            .sort_order(SortOrder::Descending)
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST_JOBS, call.send()).await?;
        Ok(Page {
            items: page.training_job_summaries.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await?;
    let now = caller.host().now();
    let (told, rest) = told(summaries, now);
    let answers = each(told, |summary| async move {
        let name = summary.training_job_name().unwrap_or_default().to_owned();
        match job(caller, &name).await {
            Ok(job) => (job, None),
            // What the list told is still true.
            Err(fault) => (convert::job_summary(&summary), Some(fault)),
        }
    })
    .await;
    let mut jobs: Vec<TrainingJob> = rest.iter().map(convert::job_summary).collect();
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    for (job, fault) in answers {
        jobs.push(job);
        gaps.extend(fault.filter(|fault| !is_absent(fault)));
    }
    jobs.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
    Ok(Reply {
        data: ReplyData::TrainingJobs(jobs),
        gaps,
    })
}

/// The jobs that are described, those that run first, and those of which the list tells enough.
fn told(
    summaries: Vec<TrainingJobSummary>,
    now: Timestamp,
) -> (Vec<TrainingJobSummary>, Vec<TrainingJobSummary>) {
    let runs = |summary: &TrainingJobSummary| {
        summary
            .training_job_status()
            .is_some_and(|status| matches!(status.as_str(), "InProgress" | "Stopping"))
    };
    let is_news = |summary: &TrainingJobSummary| {
        timestamp_of(summary.training_end_time()).is_some_and(|ended| now.duration_since(ended) < JOB_NEWS)
    };
    let (mut told, mut rest): (Vec<_>, Vec<_>) = summaries
        .into_iter()
        .partition(|summary| runs(summary) || is_news(summary));
    // Lists are newest first, and the sort keeps that order.
    told.sort_by_key(|summary| !runs(summary));
    rest.extend(told.split_off(told.len().min(MOST_JOBS)));
    (told, rest)
}

async fn job(caller: &Caller<'_>, name: &str) -> Result<TrainingJob, Fault> {
    let call = caller.sagemaker().describe_training_job().training_job_name(name);
    let described = caller
        .call(JOB, call.send())
        .await
        .map_err(|fault| of_part(fault, name))?;
    Ok(convert::job(&described))
}

async fn notebooks(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let instances = pages(|token| async move {
        let call = caller
            .sagemaker()
            .list_notebook_instances()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST_NOTEBOOKS, call.send()).await?;
        Ok(Page {
            items: page.notebook_instances().iter().map(convert::notebook).collect(),
            next: page.next_token,
        })
    });
    let apps = pages(|token| async move {
        let call = caller
            .sagemaker()
            .list_apps()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST_APPS, call.send()).await?;
        Ok(Page {
            items: page.apps().iter().filter_map(convert::app).collect(),
            next: page.next_token,
        })
    });
    let (instances, apps) = join(instances, apps).await;
    let (mut found, gaps) = some(vec![instances, apps])?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Notebooks(found),
        gaps,
    })
}

/// Whether it is not there: SageMaker says so with the code for everything that it does not like.
fn is_absent(fault: &Fault) -> bool {
    fault.kind == FaultKind::NotFound
        || (fault.kind == FaultKind::Invalid && fault.message.contains("Could not find"))
        || fault.message.contains("RecordNotFound")
}

#[cfg(test)]
mod tests {
    use aws_sdk_sagemaker::types::TrainingJobStatus;
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(
            Read::Endpoints.operations(),
            [LIST_ENDPOINTS, ENDPOINT, CONFIG, TAGS]
        );
        let configs = Read::EndpointConfigs { name: None };
        assert_eq!(configs.operations(), [LIST_CONFIGS, CONFIG]);
        let jobs = Read::TrainingJobs {
            since: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(jobs.operations(), [LIST_JOBS, JOB]);
        assert_eq!(Read::Notebooks.operations(), [LIST_NOTEBOOKS, LIST_APPS]);
    }

    #[test]
    fn jobs_that_run_or_ended_lately_are_described_and_not_too_many_of_them() {
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let summary = |name: &str, hours_ago: Option<i64>| {
            let ended = hours_ago.map(|hours| DateTime::from_secs(now.as_second() - hours * 3600));
            TrainingJobSummary::builder()
                .training_job_name(name)
                .training_job_status(match ended {
                    None => TrainingJobStatus::InProgress,
                    Some(_) => TrainingJobStatus::Completed,
                })
                .set_training_end_time(ended)
                .build()
        };
        let mut all = vec![summary("yesterday", Some(20)), summary("long-ago", Some(40))];
        all.extend((0..MOST_JOBS).map(|nth| summary(&format!("running-{nth}"), None)));
        let (told, rest) = told(all, now);
        assert_eq!(told.len(), MOST_JOBS);
        assert!(told.iter().all(|job| job.training_end_time().is_none()));
        let names: Vec<_> = rest.iter().filter_map(|job| job.training_job_name()).collect();
        assert_eq!(names, ["long-ago", "yesterday"]);
    }

    #[test]
    fn what_is_not_there_is_told_by_its_words() {
        let fault = |message: &str| Fault::new(FaultKind::Invalid, "sagemaker", "DescribeEndpoint", message);
        assert!(is_absent(&fault("Could not find endpoint \"arn:aws:…/render\".")));
        assert!(is_absent(&fault("RecordNotFound")));
        assert!(!is_absent(&fault("1 validation error detected")));
    }
}
