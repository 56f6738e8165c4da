//! Which log groups belong to a resource.

use crate::app::logs::list::{is_pinned, target_of};
use crate::app::panes::scope_of;
use crate::app::state::State;
use crate::domain::codebuild::{Build, Project};
use crate::domain::delivery::StageAction;
use crate::domain::ecs::Service;
use crate::domain::ids::{Kind, ResourceKey, last_segment};
use crate::domain::inventory::ScopeState;
use crate::domain::logs::{TailStream, TailTarget};
use crate::domain::sagemaker;

/// Groups that are opened together at the most: beyond it a round of questions takes too long.
pub const MOST_GROUPS: usize = 20;

/// The log groups of a resource; what to say if there are none.
pub(crate) fn groups_of(state: &State, key: &ResourceKey) -> Result<Vec<TailTarget>, String> {
    let Some(scope) = scope_of(state, key) else {
        return Err("this resource is gone".to_owned());
    };
    if matches!(key.kind, Kind::Bucket | Kind::Distribution) {
        return Err(format!(
            "access logs of a {}, where they are kept, lie in a bucket",
            key.kind
        ));
    }
    let found = match key.kind {
        Kind::LogGroup => crate::app::logs::list::target(state, key).into_iter().collect(),
        Kind::EcsService => scope
            .ecs
            .get()
            .and_then(|fleet| fleet.services.iter().find(|service| service.arn == *key.id))
            .map(|service| of_service(scope, service))
            .unwrap_or_default(),
        Kind::TargetGroup => of_target_groups(scope, &[key.id.to_string()]),
        Kind::LoadBalancer => {
            let behind: Vec<String> = scope
                .balancing
                .get()
                .map(|balancing| balancing.target_groups.as_slice())
                .unwrap_or_default()
                .iter()
                .filter(|group| group.load_balancers.iter().any(|arn| *arn == *key.id))
                .map(|group| group.arn.clone())
                .collect();
            of_target_groups(scope, &behind)
        }
        Kind::RdsInstance => by_prefix(scope, &format!("/aws/rds/instance/{}/", last_segment(&key.id))),
        Kind::RdsCluster => by_prefix(scope, &format!("/aws/rds/cluster/{}/", last_segment(&key.id))),
        Kind::Ec2Instance | Kind::GpuHost | Kind::Gpu => of_instance(scope, key),
        Kind::Asg | Kind::Redis | Kind::Queue | Kind::NatGateway => {
            by_names(scope, &[last_segment(&key.id).to_owned()])
        }
        Kind::SagemakerEndpoint => one(scope, &sagemaker::endpoint_log_group(last_segment(&key.id))),
        // All jobs write into one group, each into streams of its own.
        Kind::TrainingJob => one(scope, sagemaker::TRAINING_LOG_GROUP),
        Kind::NotebookInstance if key.id.starts_with("app/") => one(scope, sagemaker::STUDIO_LOG_GROUP),
        Kind::NotebookInstance => one(scope, sagemaker::NOTEBOOK_LOG_GROUP),
        Kind::Alarm => of_alarm(state, scope, &key.id),
        Kind::Lambda => of_function(scope, &key.id),
        Kind::EksCluster => by_prefix(scope, &format!("/aws/eks/{}/", last_segment(&key.id))),
        Kind::Nodegroup => {
            let cluster = key
                .id
                .split_once(":nodegroup/")
                .and_then(|(_, rest)| rest.split('/').next());
            cluster.map_or_else(Vec::new, |cluster| {
                by_prefix(scope, &format!("/aws/eks/{cluster}/"))
            })
        }
        Kind::ScalableTarget => of_scaled(scope, &key.id),
        Kind::Pipeline => of_pipeline(scope, &key.id),
        Kind::CodebuildProject => project(scope, |project| project.arn == *key.id)
            .map(|project| of_project(scope, project))
            .into_iter()
            .collect(),
        Kind::Budget | Kind::Scope | Kind::EcrRepository | Kind::Advice => Vec::new(),
        // Access logs of these lie in buckets.
        Kind::Bucket
        | Kind::Distribution
        | Kind::VpcEndpoint
        | Kind::Certificate
        | Kind::HealthCheck
        | Kind::Secret
        | Kind::Parameter => Vec::new(),
    };
    if found.is_empty() {
        return Err(if scope.log_groups.get().is_some() {
            format!("no log group belongs to this {}", key.kind)
        } else {
            "the log groups have not been read yet".to_owned()
        });
    }
    Ok(found)
}

/// The group that a function writes to, by its own configuration.
fn of_function(scope: &ScopeState, arn: &str) -> Vec<TailTarget> {
    let known = scope
        .functions
        .get()
        .into_iter()
        .flat_map(|known| &known.functions);
    known
        .filter(|function| function.arn == arn)
        .map(|function| named(scope, &function.log_group))
        .collect()
}

/// The groups of a service that is scaled by itself; of anything else those that carry its name.
fn of_scaled(scope: &ScopeState, id: &str) -> Vec<TailTarget> {
    let Some(target) = scope
        .scaling
        .get()
        .into_iter()
        .flatten()
        .find(|target| target.id == id)
    else {
        return Vec::new();
    };
    let services = scope.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
    let service = target.service().and_then(|(cluster, name)| {
        services
            .into_iter()
            .find(|service| service.cluster == cluster && service.name == name)
    });
    match service {
        Some(service) => of_service(scope, service),
        None => by_names(scope, &[target.name().to_owned()]),
    }
}

/// A group by its name; it may be younger than the list of them.
fn named(scope: &ScopeState, name: &str) -> TailTarget {
    let known = scope.log_groups.get();
    known
        .and_then(|groups| groups.iter().find(|group| group.name == name))
        .map_or_else(
            || TailTarget {
                scope: scope.scope.clone(),
                group: name.to_owned(),
                class: None,
                stream: None,
            },
            |group| target_of(scope, group),
        )
}

/// The groups of a service's containers; failing that, those that carry its name.
fn of_service(scope: &ScopeState, service: &Service) -> Vec<TailTarget> {
    let definition = scope.task_definitions.get().and_then(|definitions| {
        definitions.iter().find(|definition| {
            format!("{}:{}", definition.family, definition.revision) == service.task_definition
        })
    });
    let mut names: Vec<&str> = definition
        .map(|definition| definition.containers.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|container| container.log_group.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return by_names(scope, std::slice::from_ref(&service.name));
    }
    by_group_names(scope, names.into_iter())
}

/// Groups of these names.
fn by_group_names<'a>(scope: &ScopeState, names: impl Iterator<Item = &'a str>) -> Vec<TailTarget> {
    names.map(|name| named(scope, name)).collect()
}

/// The groups of the services behind target groups; failing that, those that carry their names.
fn of_target_groups(scope: &ScopeState, arns: &[String]) -> Vec<TailTarget> {
    let mut found: Vec<TailTarget> = Vec::new();
    let services = scope.ecs.get().map(|fleet| fleet.services.as_slice());
    for service in services.unwrap_or_default() {
        if service.target_groups.iter().any(|arn| arns.contains(arn)) {
            for target in of_service(scope, service) {
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
    }
    if !found.is_empty() {
        return found;
    }
    let names: Vec<String> = scope
        .balancing
        .get()
        .map(|balancing| balancing.target_groups.as_slice())
        .unwrap_or_default()
        .iter()
        .filter(|group| arns.contains(&group.arn))
        .map(|group| stem(&group.name).to_owned())
        .collect();
    by_names(scope, &names)
}

/// A target group's name without the ending that people give to target groups.
fn stem(name: &str) -> &str {
    ["-target-group", "-targets", "-tg"]
        .into_iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// The logs of the builds of a pipeline: of those that failed or run, else the groups of all.
fn of_pipeline(scope: &ScopeState, id: &str) -> Vec<TailTarget> {
    let pipelines = scope.pipelines.get();
    let Some(pipeline) = pipelines.and_then(|all| all.iter().find(|one| one.id() == id)) else {
        return Vec::new();
    };
    let actions = || pipeline.stages.iter().flat_map(|stage| &stage.actions);
    let is_open = |action: &&StageAction| matches!(action.status.as_deref(), Some("Failed" | "InProgress"));
    let mut found: Vec<TailTarget> = Vec::new();
    for action in actions().filter(is_open) {
        let Some(name) = &action.project else { continue };
        let project = project(scope, |project| project.name == *name);
        let build = project
            .zip(action.external_id.as_deref())
            .and_then(|(project, id)| project.build(id));
        let target = match (build.and_then(|build| of_build(scope, build)), project) {
            (Some(target), _) => target,
            (None, Some(project)) => of_project(scope, project),
            (None, None) => continue,
        };
        if !found.contains(&target) {
            found.push(target);
        }
    }
    if !found.is_empty() {
        return found;
    }
    let wanted: Vec<&str> = actions().filter_map(|action| action.project.as_deref()).collect();
    let projects = scope.build_projects.get().into_iter().flatten();
    let mut names: Vec<String> = projects
        .filter(|project| wanted.contains(&project.name.as_str()))
        .map(group_of)
        .collect();
    names.sort_unstable();
    names.dedup();
    by_group_names(scope, names.iter().map(String::as_str))
}

fn project(scope: &ScopeState, is_meant: impl Fn(&&Project) -> bool) -> Option<&Project> {
    scope.build_projects.get()?.iter().find(is_meant)
}

/// The log of the build that runs or failed last; of a project whose newest build is well, all of its
/// group.
fn of_project(scope: &ScopeState, project: &Project) -> TailTarget {
    let newest = project
        .builds
        .iter()
        .flatten()
        .find(|build| build.status != "STOPPED");
    newest
        .filter(|build| build.is_open() || build.has_failed())
        .and_then(|build| of_build(scope, build))
        .unwrap_or_else(|| named(scope, &group_of(project)))
}

/// The log of one build, from its beginning; `None` where its stream is not known.
fn of_build(scope: &ScopeState, build: &Build) -> Option<TailTarget> {
    let place = build.log.as_ref()?;
    let stream = TailStream {
        name: place.stream.clone()?,
        began_at: build.started_at,
    };
    Some(TailTarget {
        stream: Some(stream),
        ..named(scope, &place.group)
    })
}

/// The group that a project's builds write to.
fn group_of(project: &Project) -> String {
    let newest = project.newest().and_then(|build| build.log.as_ref());
    let group = newest
        .map(|log| log.group.clone())
        .or_else(|| project.log_group.clone());
    group.unwrap_or_else(|| format!("/aws/codebuild/{}", project.name))
}

fn of_instance(scope: &ScopeState, key: &ResourceKey) -> Vec<TailTarget> {
    // A card's id begins with that of its instance.
    let instance = scope
        .instances
        .get()
        .and_then(|instances| instances.iter().find(|instance| key.id.starts_with(&instance.id)));
    let group = instance.and_then(|instance| {
        scope
            .groups
            .get()?
            .iter()
            .find(|group| group.instances.iter().any(|member| member.id == instance.id))
    });
    let names: Vec<String> = instance
        .into_iter()
        .flat_map(|instance| [Some(instance.id.clone()), instance.name.clone()])
        .flatten()
        .chain(group.map(|group| group.name.clone()))
        .collect();
    by_names(scope, &names)
}

/// The groups of whatever an alarm watches; failing that, every group, pinned ones first.
fn of_alarm(state: &State, scope: &ScopeState, id: &str) -> Vec<TailTarget> {
    let alarm = scope
        .alarms
        .get()
        .and_then(|alarms| alarms.iter().find(|alarm| alarm.arn == id));
    let watched: Vec<String> = alarm
        .and_then(|alarm| alarm.metric.as_ref())
        .map(|metric| metric.dimensions.as_slice())
        .unwrap_or_default()
        .iter()
        // Dimensions of load balancers are parts of an ARN: `targetgroup/NAME/HASH`.
        .map(|(_, value)| value.split('/').nth(1).unwrap_or(value))
        .map(|value| stem(value).to_owned())
        .collect();
    let named = by_names(scope, &watched);
    if !named.is_empty() {
        return named;
    }
    let mut all: Vec<_> = scope.log_groups.get().into_iter().flatten().collect();
    all.sort_by_key(|group| !is_pinned(state, &group.name));
    all.into_iter()
        .take(MOST_GROUPS)
        .map(|group| target_of(scope, group))
        .collect()
}

/// The group of that name, listed or not: an estate may select its resources and not the group that AWS
/// has for all of their kind.
fn one(scope: &ScopeState, name: &str) -> Vec<TailTarget> {
    let known = scope.log_groups.get().into_iter().flatten();
    let class = known
        .filter(|group| group.name == name)
        .find_map(|group| group.class.clone());
    vec![TailTarget {
        scope: scope.scope.clone(),
        group: name.to_owned(),
        class,
        stream: None,
    }]
}

fn by_prefix(scope: &ScopeState, prefix: &str) -> Vec<TailTarget> {
    matching(scope, |name| name.starts_with(prefix))
}

/// Groups with one of the names in their own.
fn by_names(scope: &ScopeState, names: &[String]) -> Vec<TailTarget> {
    matching(scope, |group| {
        names
            .iter()
            .any(|name| !name.is_empty() && group.contains(name.as_str()))
    })
}

fn matching(scope: &ScopeState, wanted: impl Fn(&str) -> bool) -> Vec<TailTarget> {
    scope
        .log_groups
        .get()
        .into_iter()
        .flatten()
        .filter(|group| wanted(&group.name))
        .take(MOST_GROUPS)
        .map(|group| target_of(scope, group))
        .collect()
}
