//! What an estate consists of, as its file under `data/worlds/` says it. Unknown keys are errors;
//! a test reads every file and follows every reference.

pub mod cost;
pub mod delivery;
pub mod ecs;
pub mod edge;
pub mod fleet;
pub mod functions;
pub mod models;
pub mod store;
pub mod watch;
pub mod web;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cloud::demo::selection::World;
use crate::domain::ids::Tag;

/// One estate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The account's twelve digits; the world's, not the file's.
    #[serde(skip)]
    pub account: String,
    /// Its region; the world's too.
    #[serde(skip)]
    pub region: String,
    /// The Availability Zones in use.
    pub zones: Vec<String>,
    /// Whose session the console's credentials are.
    pub person: String,
    /// How much customers want, by name.
    #[serde(default)]
    pub traffic: BTreeMap<String, Traffic>,
    /// ECS clusters by name.
    #[serde(default)]
    pub clusters: Vec<String>,
    /// ECS services.
    #[serde(default)]
    pub services: Vec<ecs::Service>,
    /// Auto Scaling groups.
    #[serde(default)]
    pub groups: Vec<fleet::Group>,
    /// Instances that belong to no group.
    #[serde(default)]
    pub instances: Vec<fleet::Instance>,
    /// Spot prices by instance type, US dollars per hour.
    #[serde(default)]
    pub spot: BTreeMap<String, f64>,
    /// DB instances.
    #[serde(default)]
    pub databases: Vec<store::Database>,
    /// DB clusters.
    #[serde(default)]
    pub database_clusters: Vec<store::DatabaseCluster>,
    /// Proxies in front of databases.
    #[serde(default)]
    pub database_proxies: Vec<store::DatabaseProxy>,
    /// `max_connections` by DB parameter group; absent is the engine's default.
    #[serde(default)]
    pub parameter_groups: BTreeMap<String, Option<String>>,
    /// Caches.
    #[serde(default)]
    pub caches: Vec<store::Cache>,
    /// Load balancers with their target groups.
    #[serde(default)]
    pub balancers: Vec<edge::Balancer>,
    /// Queues.
    #[serde(default)]
    pub queues: Vec<edge::Queue>,
    /// Pipelines.
    #[serde(default)]
    pub pipelines: Vec<delivery::Pipeline>,
    /// Stacks.
    #[serde(default)]
    pub stacks: Vec<delivery::Stack>,
    /// Repositories of which no ECS service runs.
    #[serde(default)]
    pub repositories: Vec<delivery::Repository>,
    /// SageMaker.
    #[serde(default)]
    pub models: models::Models,
    /// Build projects.
    #[serde(default)]
    pub builds: Vec<delivery::Build>,
    /// How repositories are set up, where it is not as AWS sets them up by itself.
    #[serde(default)]
    pub registry: Vec<delivery::Keeping>,
    /// Lambda functions.
    #[serde(default)]
    pub functions: Vec<functions::Function>,
    /// EKS clusters.
    #[serde(default)]
    pub kubernetes: Vec<functions::Kubernetes>,
    /// NAT gateways.
    #[serde(default)]
    pub nat_gateways: Vec<edge::Nat>,
    /// VPC endpoints.
    #[serde(default)]
    pub vpc_endpoints: Vec<web::Endpoint>,
    /// Buckets.
    #[serde(default)]
    pub buckets: Vec<web::Bucket>,
    /// Whether the account's public access block keeps everybody out of all of them.
    #[serde(default)]
    pub account_blocks_public: bool,
    /// Distributions.
    #[serde(default)]
    pub distributions: Vec<web::Distribution>,
    /// Certificates.
    #[serde(default)]
    pub certificates: Vec<web::Certificate>,
    /// Health checks of Route 53.
    #[serde(default)]
    pub health_checks: Vec<web::HealthCheck>,
    /// Public hosted zones of Route 53, by name.
    #[serde(default)]
    pub hosted_zones: Vec<String>,
    /// Secrets.
    #[serde(default)]
    pub secrets: Vec<web::Secret>,
    /// Parameters.
    #[serde(default)]
    pub parameters: Vec<web::Parameter>,
    /// Log groups.
    #[serde(default)]
    pub log_groups: Vec<watch::LogGroup>,
    /// Alarms on metrics.
    #[serde(default)]
    pub alarms: Vec<watch::Alarm>,
    /// Alarms on other alarms.
    #[serde(default)]
    pub composite_alarms: Vec<watch::Composite>,
    /// What it costs.
    pub cost: cost::Cost,
}

/// Tags as a file has them.
pub type Tags = BTreeMap<String, String>;

/// Tags in the domain's words.
pub fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// How much customers want.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// When in the day they want it.
    pub shape: Shape,
    /// What a weekend is of a weekday, as a factor.
    pub weekend: f64,
}

/// When in the day customers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// In office hours.
    Office,
    /// After work.
    Evening,
    /// All day and night.
    Steady,
}

/// What a service or group does under its traffic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Whose wishes it serves.
    pub traffic: String,
    /// Requests per minute at the peak.
    pub peak_rpm: f64,
    /// CPU without requests, percent.
    pub cpu_idle: f64,
    /// CPU at the peak with all tasks or instances that are wanted, percent.
    pub cpu_peak: f64,
    /// Memory, percent.
    pub memory: f64,
    /// How long an answer takes, milliseconds.
    pub latency_ms: f64,
    /// Share of requests that fail on an ordinary day.
    #[serde(default)]
    pub errors: f64,
    /// The database that answers need.
    pub database: Option<String>,
}

impl Plan {
    /// Reads the file that is compiled in. Fails only if that file is wrong, which a test excludes.
    pub fn of(world: World) -> Result<Self, serde_yaml::Error> {
        let mut plan: Self = serde_yaml::from_str(match world {
            World::Fashion => include_str!("../../../data/worlds/fashion.yaml"),
            World::Codemate => include_str!("../../../data/worlds/codemate.yaml"),
            World::Ecg => include_str!("../../../data/worlds/ecg.yaml"),
            World::Ecommerce => include_str!("../../../data/worlds/ecommerce.yaml"),
            World::Invokeai => include_str!("../../../data/worlds/invokeai.yaml"),
        })?;
        world.account().clone_into(&mut plan.account);
        world.region().clone_into(&mut plan.region);
        Ok(plan)
    }

    /// Adds so many groups of two small instances each that serve nobody.
    pub fn crowd(&mut self, groups: usize) {
        self.groups.extend((0..groups).map(|nth| fleet::Group {
            name: format!("crowd-{nth:04}"),
            min: 1,
            desired: 2,
            max: 6,
            types: vec!["t3.micro".to_owned()],
            purchase: fleet::Purchase::OnDemand,
            profile: "crowd".to_owned(),
            instance_name: "crowd".to_owned(),
            tags: Tags::new(),
            instance_tags: Tags::new(),
            behind: None,
            load: None,
            policy: None,
            schedule: Vec::new(),
            warm_pool: None,
            hosts: Vec::new(),
            protected: Vec::new(),
            gpu_traffic: None,
            cloudwatch_agent: false,
        }));
    }

    /// The ARN of a resource of this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The zone in which the nth of something is.
    pub fn zone(&self, nth: u64) -> String {
        let count = self.zones.len().max(1) as u64;
        self.zones
            .get((nth % count) as usize)
            .cloned()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn plans() -> Vec<(World, Plan)> {
        World::ALL
            .into_iter()
            .map(|world| match Plan::of(world) {
                Ok(plan) => (world, plan),
                Err(error) => panic!("{world}: {error}"),
            })
            .collect()
    }

    #[test]
    fn every_file_is_read_without_a_complaint() {
        for (world, plan) in plans() {
            assert_eq!(plan.account.len(), 12, "{world}");
            assert!(
                plan.zones.iter().all(|zone| zone.starts_with(&plan.region)),
                "{world}"
            );
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for (world, plan) in plans() {
            let traffic = |name: &String| {
                assert!(plan.traffic.contains_key(name), "{world}: no traffic {name}");
            };
            let target_groups: BTreeSet<&str> = plan
                .balancers
                .iter()
                .flat_map(|balancer| &balancer.target_groups)
                .map(|group| group.name.as_str())
                .collect();
            let logs: BTreeSet<&str> = plan.log_groups.iter().map(|group| group.name.as_str()).collect();
            let databases: BTreeSet<&str> = plan.databases.iter().map(|one| one.name.as_str()).collect();
            let groups: BTreeSet<&str> = plan.groups.iter().map(|group| group.name.as_str()).collect();
            let queues: BTreeSet<&str> = plan.queues.iter().map(|queue| queue.name.as_str()).collect();
            let load = |load: &Load| {
                traffic(&load.traffic);
                if let Some(name) = &load.database {
                    assert!(databases.contains(name.as_str()), "{world}: no database {name}");
                }
            };
            for service in &plan.services {
                load(&service.load);
                assert!(
                    plan.clusters.contains(&service.cluster),
                    "{world}: {}",
                    service.cluster
                );
                assert!(
                    logs.contains(service.log_group.as_str()),
                    "{world}: {}",
                    service.log_group
                );
                if let Some(name) = &service.target_group {
                    assert!(target_groups.contains(name.as_str()), "{world}: {name}");
                }
            }
            for group in &plan.groups {
                group.load.iter().for_each(load);
                group.gpu_traffic.iter().for_each(traffic);
                if let Some(name) = &group.behind {
                    assert!(target_groups.contains(name.as_str()), "{world}: {name}");
                }
                if let Some(fleet::Policy::Queue { queue, .. }) = &group.policy {
                    assert!(queues.contains(queue.as_str()), "{world}: {queue}");
                }
                let priced = |kind: &String| plan.cost.hourly.contains_key(kind);
                assert!(
                    group.types.iter().all(priced),
                    "{world}: {} has no price",
                    group.name
                );
            }
            for database in &plan.databases {
                traffic(&database.load.traffic);
            }
            for cache in &plan.caches {
                traffic(&cache.load.traffic);
            }
            for queue in &plan.queues {
                if let Some((dead, _)) = &queue.dead_letter {
                    assert!(queues.contains(dead.as_str()), "{world}: {dead}");
                }
                if let Some(jobs) = &queue.jobs {
                    traffic(&jobs.traffic);
                    assert!(
                        jobs.workers.iter().all(|name| groups.contains(name.as_str())),
                        "{world}"
                    );
                }
            }
            for (cluster, service) in plan
                .pipelines
                .iter()
                .flat_map(|pipeline| &pipeline.stages)
                .flat_map(|stage| &stage.deploys)
            {
                assert!(
                    plan.services
                        .iter()
                        .any(|known| known.cluster == *cluster && known.name == *service),
                    "{world}: {cluster}/{service}"
                );
            }
            for endpoint in &plan.models.endpoints {
                for variant in &endpoint.variants {
                    load(&variant.load);
                    let named = |config: &models::Config| config.models.contains_key(&variant.name);
                    assert!(endpoint.configs.iter().all(named), "{world}: {}", endpoint.name);
                    assert_eq!(
                        variant.kind.is_none(),
                        variant.serverless.is_some(),
                        "{world}: {}",
                        endpoint.name
                    );
                }
                let serves = |config: &models::Config| config.broken.is_none();
                assert!(endpoint.configs.iter().any(serves), "{world}: {}", endpoint.name);
            }
            for project in plan
                .pipelines
                .iter()
                .flat_map(|pipeline| &pipeline.stages)
                .flat_map(|stage| &stage.builds)
            {
                assert!(
                    plan.builds.iter().any(|build| build.name == *project),
                    "{world}: {project}"
                );
            }
            let repositories: BTreeSet<&str> = plan
                .services
                .iter()
                .map(|service| service.repository.as_str())
                .chain(
                    plan.repositories
                        .iter()
                        .map(|repository| repository.name.as_str()),
                )
                .collect();
            for build in &plan.builds {
                assert!(
                    repositories.contains(build.repository.as_str()),
                    "{world}: {}",
                    build.name
                );
                assert!(
                    logs.contains(build.log_group.as_str()),
                    "{world}: {}",
                    build.log_group
                );
            }
            for keeping in &plan.registry {
                assert!(
                    repositories.contains(keeping.name.as_str()),
                    "{world}: {}",
                    keeping.name
                );
            }
            for function in &plan.functions {
                traffic(&function.load.traffic);
                let group = format!("/aws/lambda/{}", function.name);
                assert!(logs.contains(group.as_str()), "{world}: {group}");
                if let Some(queue) = &function.queue {
                    assert!(queues.contains(queue.as_str()), "{world}: {queue}");
                }
            }
            for (_, behind) in plan.kubernetes.iter().flat_map(|cluster| &cluster.nodegroups) {
                assert!(groups.contains(behind.as_str()), "{world}: {behind}");
            }
            for group in &plan.log_groups {
                group.traffic.iter().for_each(traffic);
            }
            let balancers: BTreeSet<&str> = plan.balancers.iter().map(|one| one.name.as_str()).collect();
            let buckets: BTreeSet<&str> = plan.buckets.iter().map(|one| one.name.as_str()).collect();
            let secrets: BTreeSet<&str> = plan.secrets.iter().map(|one| one.name.as_str()).collect();
            for distribution in &plan.distributions {
                traffic(&distribution.traffic);
                for name in &distribution.balancers {
                    assert!(balancers.contains(name.as_str()), "{world}: {name}");
                }
                for name in &distribution.buckets {
                    assert!(buckets.contains(name.as_str()), "{world}: {name}");
                }
            }
            for name in plan.certificates.iter().flat_map(|one| &one.used_by) {
                let own = plan.distributions.iter().any(|one| one.name == *name);
                assert!(own || balancers.contains(name.as_str()), "{world}: {name}");
            }
            for check in &plan.health_checks {
                assert!(
                    target_groups.contains(check.target_group.as_str()),
                    "{world}: {}",
                    check.target_group
                );
            }
            for name in plan.services.iter().flat_map(|service| service.secrets.values()) {
                assert!(secrets.contains(name.as_str()), "{world}: {name}");
            }
        }
    }
}
