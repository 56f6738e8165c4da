//! What a parameter may be chosen from: resources, or names, of what was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{queries, resources};
use crate::domain::fault::Fault;
use crate::domain::glob::Glob;
use crate::domain::ids::{Kind, last_segment};
use crate::domain::ops::{Query, ecs, rds, sagemaker};
use crate::runbook::action::{Unread, View};
use crate::runbook::model::Source;
use crate::runbook::value::Value;

/// What has to be read to list candidates for a parameter.
pub fn listing_queries(source: Source, filters: &BTreeMap<String, Value>) -> Vec<Query> {
    match source {
        Source::EcsCluster | Source::EcsService => queries(Kind::EcsService),
        Source::TaskDefinition => {
            let mut wanted = queries(Kind::EcsService);
            if let (Some(cluster), Some(service)) = (named(filters, "cluster"), named(filters, "service")) {
                wanted.push(Query::Ecs(ecs::Read::Deployments { cluster, service }));
            }
            wanted
        }
        Source::Asg => queries(Kind::Asg),
        Source::Ec2Instance => queries(Kind::Ec2Instance),
        Source::GpuFleet => {
            let mut wanted = queries(Kind::Asg);
            wanted.extend(queries(Kind::Ec2Instance));
            wanted
        }
        Source::RdsInstance => queries(Kind::RdsInstance),
        Source::RdsCluster => queries(Kind::RdsCluster),
        Source::RdsSnapshot => vec![
            Query::Rds(rds::Read::Snapshots),
            // A member of a cluster has the snapshots of its cluster.
            Query::Rds(rds::Read::Instances),
        ],
        Source::Redis => queries(Kind::Redis),
        Source::TargetGroup => queries(Kind::TargetGroup),
        Source::Alarm => queries(Kind::Alarm),
        Source::Queue => queries(Kind::Queue),
        Source::Pipeline => queries(Kind::Pipeline),
        Source::Distribution => queries(Kind::Distribution),
        Source::EcrRepository => queries(Kind::EcrRepository),
        Source::Certificate => queries(Kind::Certificate),
        Source::LogGroup => queries(Kind::LogGroup),
        Source::SagemakerEndpoint => queries(Kind::SagemakerEndpoint),
        Source::EndpointConfig => {
            let mut wanted = queries(Kind::SagemakerEndpoint);
            wanted.push(Query::Sagemaker(sagemaker::Read::EndpointConfigs { name: None }));
            wanted
        }
        Source::NotebookInstance => queries(Kind::NotebookInstance),
        Source::Lambda | Source::LambdaAlias => queries(Kind::Lambda),
        Source::Nodegroup => queries(Kind::Nodegroup),
    }
}

/// The text of a filter; a resource counts by its name.
fn named(filters: &BTreeMap<String, Value>, name: &str) -> Option<String> {
    match filters.get(name)? {
        Value::Text(text) => Some(text.clone()),
        Value::Resource(resource) => Some(resource.name.clone()),
        _ => None,
    }
}

/// What a parameter may be chosen from, as far as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// Resources, or names.
    pub found: Vec<Value>,
    /// Why there may be more; `None` if this is all there is.
    pub gap: Option<Fault>,
}

/// Candidates for a parameter. What is not among them does not exist only if there is no gap.
///
/// # Errors
/// If a question that lists them failed, or was not asked.
pub fn candidates(
    source: Source,
    filters: &BTreeMap<String, Value>,
    view: &View,
) -> Result<Candidates, Unread> {
    match all(source, filters, view) {
        Err(Unread::Partial(gap)) => Ok(Candidates {
            found: all(source, filters, &view.gaps_aside())?,
            gap: Some(gap),
        }),
        found => Ok(Candidates {
            found: found?,
            gap: None,
        }),
    }
}

/// Everything that there is to choose from.
fn all(source: Source, filters: &BTreeMap<String, Value>, view: &View) -> Result<Vec<Value>, Unread> {
    let of_kind = |kind| -> Result<Vec<Value>, Unread> {
        Ok(resources(kind, view)?
            .into_iter()
            .map(|resource| Value::Resource(Arc::new(resource)))
            .collect())
    };
    let all = match source {
        Source::EcsCluster => {
            let mut names: Vec<String> = view
                .clusters()?
                .iter()
                .map(|cluster| cluster.name.clone())
                .collect();
            names.sort();
            names.into_iter().map(Value::Text).collect()
        }
        Source::TaskDefinition => {
            let (Some(cluster), Some(service)) = (named(filters, "cluster"), named(filters, "service"))
            else {
                return Ok(Vec::new());
            };
            let mut seen: Vec<&str> = view
                .deployments(&cluster, &service)?
                .iter()
                .filter_map(|deployment| deployment.target.as_ref()?.task_definition.as_deref())
                .collect();
            if let Some(service) = view.service(&cluster, &service)? {
                seen.push(&service.task_definition);
            }
            let number = |revision: &str| {
                revision
                    .rsplit(':')
                    .next()
                    .and_then(|number| number.parse::<u32>().ok())
            };
            seen.sort_by_key(|revision| std::cmp::Reverse(number(revision)));
            seen.dedup();
            seen.into_iter().map(Value::text).collect()
        }
        Source::RdsSnapshot => {
            let wanted = named(filters, "instance");
            let cluster = match &wanted {
                Some(wanted) => view.db_instance(wanted)?.and_then(|db| db.cluster.clone()),
                None => None,
            };
            let is_of = |source: &str, of_cluster: bool| match (&cluster, &wanted) {
                (_, None) => true,
                (Some(cluster), _) => of_cluster && source == cluster,
                (None, Some(wanted)) => !of_cluster && source == wanted,
            };
            view.db_snapshots()?
                .iter()
                .filter(|snapshot| snapshot.status == "available")
                .filter(|snapshot| is_of(&snapshot.source, snapshot.of_cluster))
                .map(|snapshot| Value::text(&snapshot.id))
                .collect()
        }
        Source::GpuFleet => {
            let mut fleet = of_kind(Kind::Asg)?;
            fleet.extend(of_kind(Kind::Ec2Instance)?);
            fleet
                .retain(|value| fact(value, "gpu") == Value::Bool(true) && fact(value, "asg") == Value::Null);
            fleet.retain(|value| fact(value, "state") != Value::text("terminated"));
            fleet
        }
        Source::EcsService => of_kind(Kind::EcsService)?,
        Source::Asg => of_kind(Kind::Asg)?,
        Source::Ec2Instance => of_kind(Kind::Ec2Instance)?,
        Source::RdsInstance => of_kind(Kind::RdsInstance)?,
        Source::RdsCluster => of_kind(Kind::RdsCluster)?,
        Source::Redis => of_kind(Kind::Redis)?,
        Source::TargetGroup => of_kind(Kind::TargetGroup)?,
        Source::Alarm => of_kind(Kind::Alarm)?,
        Source::Queue => of_kind(Kind::Queue)?,
        Source::Pipeline => of_kind(Kind::Pipeline)?,
        Source::Distribution => of_kind(Kind::Distribution)?,
        Source::EcrRepository => of_kind(Kind::EcrRepository)?,
        Source::Certificate => of_kind(Kind::Certificate)?,
        Source::LogGroup => of_kind(Kind::LogGroup)?,
        Source::SagemakerEndpoint => of_kind(Kind::SagemakerEndpoint)?,
        Source::EndpointConfig => {
            let wanted = named(filters, "endpoint");
            let endpoint = match &wanted {
                Some(name) => view.endpoint(name)?,
                None => None,
            };
            view.endpoint_configs(None)?
                .iter()
                .filter(|config| match (&wanted, endpoint) {
                    (None, _) => true,
                    (Some(_), Some(endpoint)) => config.belongs_to(endpoint),
                    (Some(_), None) => false,
                })
                .map(|config| Value::text(&config.name))
                .collect()
        }
        Source::NotebookInstance => of_kind(Kind::NotebookInstance)?,
        Source::Lambda => of_kind(Kind::Lambda)?,
        Source::Nodegroup => of_kind(Kind::Nodegroup)?,
        Source::LambdaAlias => {
            let wanted = named(filters, "function");
            let functions = view.functions()?.iter();
            functions
                .filter(|function| wanted.as_ref().is_none_or(|wanted| *wanted == function.name))
                .flat_map(|function| function.aliases.iter().flatten())
                .map(|alias| Value::text(&alias.name))
                .collect()
        }
    };
    Ok(all.into_iter().filter(|value| passes(value, filters)).collect())
}

fn fact(value: &Value, name: &str) -> Value {
    value
        .as_resource()
        .and_then(|resource| resource.facts.get(name))
        .cloned()
        .unwrap_or(Value::Null)
}

/// Whether a candidate is what the filters ask for. Filters that only choose what is read have had
/// their say already.
fn passes(value: &Value, filters: &BTreeMap<String, Value>) -> bool {
    filters
        .iter()
        .all(|(filter, wanted)| match (filter.as_str(), value) {
            ("name", _) => wanted
                .as_text()
                .is_some_and(|pattern| Glob::new(pattern).matches(&value.to_string())),
            ("tag", Value::Resource(_)) => match (wanted, fact(value, "tags")) {
                (Value::Map(wanted), Value::Map(has)) => {
                    wanted.iter().all(|(key, value)| has.get(key) == Some(value))
                }
                _ => false,
            },
            ("gpu", Value::Resource(_)) => fact(value, "gpu") == *wanted,
            ("cluster", Value::Resource(_)) => {
                fact(value, "cluster") == Value::Text(last_segment(&wanted.to_string()).to_owned())
            }
            _ => true,
        })
}
