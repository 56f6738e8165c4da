//! SDK clients: made at their first use, kept per scope, all over one HTTP client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use jiff::Timestamp;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::cloud::Host;
use crate::cloud::aws::caller::IN_FLIGHT;
use crate::cloud::aws::credentials::{Credentials, Reach};
use crate::cloud::aws::crowd::Crowd;
use crate::cloud::aws::guard::Guard;
use crate::cloud::aws::http;
use crate::cloud::aws::memory::{Memory, Templates};
use crate::cloud::aws::observe::{Heard, Observer};
use crate::cloud::aws::{AwsSettings, Deadlines};
use crate::domain::scope::{Scope, ScopeName};

/// What clients are for. They differ in patience: a read may be repeated, a change never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// Reads only.
    Read,
    /// Changes.
    Write,
}

/// How long to wait for Cost Explorer, which is slow and bills every attempt: it gets one.
const COST: Duration = Duration::from_secs(20);

/// All clients and credentials of the process.
pub(super) struct Registry {
    shared: Arc<Shared>,
    scopes: Mutex<HashMap<(ScopeName, Purpose), Entry>>,
    reaches: Mutex<HashMap<Reach, Arc<Credentials>>>,
}

/// What all scopes share.
pub(super) struct Shared {
    pub(super) host: Arc<dyn Host>,
    pub(super) settings: AwsSettings,
    /// The HTTP client, or why there is none.
    pub(super) http: Result<SharedHttpClient, String>,
    pub(super) memory: Memory,
    pub(super) crowd: Crowd,
    /// What web services other than AWS's are asked with; made at its first use.
    web: OnceLock<Result<SharedHttpConnector, String>>,
}

#[derive(Clone)]
struct Entry {
    scope: Scope,
    clients: Arc<OnceCell<Arc<ScopeClients>>>,
}

impl Registry {
    pub(super) fn new(host: Arc<dyn Host>, settings: AwsSettings) -> Self {
        Self {
            shared: Arc::new(Shared {
                host,
                settings,
                http: http::client(),
                memory: Memory::default(),
                crowd: Crowd::default(),
                web: OnceLock::new(),
            }),
            scopes: Mutex::default(),
            reaches: Mutex::default(),
        }
    }

    /// The clients of a scope. Loading them reads the AWS configuration files, and no network.
    pub(super) async fn clients(&self, scope: &Scope, purpose: Purpose) -> Arc<ScopeClients> {
        let cell = {
            let mut scopes = lock(&self.scopes);
            let entry = scopes
                .entry((scope.name.clone(), purpose))
                .and_modify(|entry| {
                    if entry.scope != *scope {
                        *entry = Entry::new(scope);
                    }
                })
                .or_insert_with(|| Entry::new(scope));
            entry.clients.clone()
        };
        let credentials = self.credentials(scope);
        cell.get_or_init(|| ScopeClients::open(scope, purpose, self.shared.clone(), credentials))
            .await
            .clone()
    }

    /// The credentials of a scope: the same for all regions that one profile or role reaches.
    pub(super) fn credentials(&self, scope: &Scope) -> Arc<Credentials> {
        lock(&self.reaches)
            .entry(Reach::of(scope))
            .or_insert_with(|| Arc::new(Credentials::new(scope, self.shared.clone())))
            .clone()
    }

    /// Drops the credentials of a scope and all clients that have them, so that the configuration
    /// files are read anew.
    pub(super) fn forget(&self, scope: &Scope) {
        let reach = Reach::of(scope);
        // Other regions of the same profile hold the same credentials.
        lock(&self.scopes).retain(|_, entry| Reach::of(&entry.scope) != reach);
        lock(&self.reaches).remove(&reach);
    }
}

impl Entry {
    fn new(scope: &Scope) -> Self {
        Self {
            scope: scope.clone(),
            clients: Arc::default(),
        }
    }
}

/// Locks what holds no invariant that a panic elsewhere could have broken.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The configuration that every client of a scope starts from. CloudTrail shows the app's name.
pub(super) fn base_config(scope: &Scope, shared: &Shared) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .app_name(AppName::new("quarterdeck").expect("letters only"))
        .profile_files(shared.config_files())
        .region(Region::new(scope.region.clone()));
    if let Ok(http) = &shared.http {
        loader = loader.http_client(http.clone());
    }
    if let Some(profile) = &scope.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &shared.settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader
}

impl Shared {
    /// The AWS configuration files.
    pub(super) fn config_files(&self) -> EnvConfigFiles {
        match &self.settings.config_file {
            Some(path) => EnvConfigFiles::builder()
                .with_file(EnvConfigFileKind::Config, path)
                .build(),
            None => EnvConfigFiles::default(),
        }
    }

    /// Deadlines for one attempt and for the whole call.
    pub(super) fn deadlines(&self, attempt: Duration, operation: Duration) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.settings.deadlines.connect)
            .operation_attempt_timeout(attempt)
            .operation_timeout(operation)
            .build()
    }
}

/// The clients of one scope for one purpose.
pub(super) struct ScopeClients {
    scope: Scope,
    purpose: Purpose,
    shared: Arc<Shared>,
    config: SdkConfig,
    credentials: Arc<Credentials>,
    heard: Arc<Heard>,
    templates: Templates,
    places: Mutex<HashMap<&'static str, Arc<Semaphore>>>,
    made: Made,
    #[cfg(feature = "aws-extra")]
    elsewhere: Mutex<HashMap<String, Arc<Self>>>,
}

/// Declares the clients: where each is kept, and how it is made. The SDK's configuration types
/// have the same methods and no trait in common.
macro_rules! clients {
    ($($(#[$meta:meta])* $name:ident: $sdk:ident, $iam:literal, $place:ident;)*) => {
        #[derive(Default)]
        struct Made {
            $($(#[$meta])* $name: OnceLock<$sdk::Client>,)*
        }

        impl ScopeClients {
    /// The estate's own document for the GPU probe, if it has one.
    pub(super) fn probe_document(&self) -> Option<&str> {
        self.shared.settings.probe_documents.first().map(String::as_str)
    }

            $($(#[$meta])* pub(super) fn $name(&self) -> &$sdk::Client {
                self.made.$name.get_or_init(|| {
                    let place = self.$place();
                    let mut config = $sdk::config::Builder::from(&self.config)
                        .retry_partition(self.retry_partition($iam, &place.region))
                        .interceptor(self.guard($iam))
                        .interceptor(self.observer($iam))
                        .region(Region::new(place.region));
                    if let Some(patience) = place.patience {
                        config = config
                            .timeout_config(self.shared.deadlines(patience, patience))
                            .retry_config(RetryConfig::disabled());
                    }
                    $sdk::Client::from_conf(config.build())
                })
            })*
        }
    };
}

clients! {
    sts: aws_sdk_sts, "sts", regional;
    ecs: aws_sdk_ecs, "ecs", regional;
    autoscaling: aws_sdk_autoscaling, "autoscaling", regional;
    ec2: aws_sdk_ec2, "ec2", regional;
    ssm: aws_sdk_ssm, "ssm", regional;
    rds: aws_sdk_rds, "rds", regional;
    elasticache: aws_sdk_elasticache, "elasticache", regional;
    elb: aws_sdk_elasticloadbalancingv2, "elasticloadbalancing", regional;
    cloudwatch: aws_sdk_cloudwatch, "cloudwatch", regional;
    sns: aws_sdk_sns, "sns", regional;
    sqs: aws_sdk_sqs, "sqs", regional;
    logs: aws_sdk_cloudwatchlogs, "logs", regional;
    cost: aws_sdk_costexplorer, "ce", billing;
    budgets: aws_sdk_budgets, "budgets", billing;
    cloudtrail: aws_sdk_cloudtrail, "cloudtrail", regional;
    ecr: aws_sdk_ecr, "ecr", regional;
    codepipeline: aws_sdk_codepipeline, "codepipeline", regional;
    cloudformation: aws_sdk_cloudformation, "cloudformation", regional;
    application_auto_scaling: aws_sdk_applicationautoscaling, "application-autoscaling", regional;
    #[cfg(feature = "aws-extra")]
    sagemaker: aws_sdk_sagemaker, "sagemaker", regional;
    #[cfg(feature = "aws-extra")]
    s3: aws_sdk_s3, "s3", regional;
    #[cfg(feature = "aws-extra")]
    s3control: aws_sdk_s3control, "s3control", regional;
    #[cfg(feature = "aws-extra")]
    cloudfront: aws_sdk_cloudfront, "cloudfront", regional;
    #[cfg(feature = "aws-extra")]
    acm: aws_sdk_acm, "acm", regional;
    #[cfg(feature = "aws-extra")]
    route53: aws_sdk_route53, "route53", regional;
    #[cfg(feature = "aws-extra")]
    secretsmanager: aws_sdk_secretsmanager, "secretsmanager", regional;
    #[cfg(feature = "aws-extra")]
    codebuild: aws_sdk_codebuild, "codebuild", regional;
    #[cfg(feature = "aws-extra")]
    support: aws_sdk_support, "support", billing;
    #[cfg(feature = "aws-extra")]
    compute_optimizer: aws_sdk_computeoptimizer, "compute-optimizer", regional;
    #[cfg(feature = "aws-extra")]
    lambda: aws_sdk_lambda, "lambda", regional;
    #[cfg(feature = "aws-extra")]
    eks: aws_sdk_eks, "eks", regional;
}

/// Where a service answers, and how patiently to wait for it if not as for the others.
struct Place {
    region: String,
    patience: Option<Duration>,
}

impl ScopeClients {
    async fn open(
        scope: &Scope,
        purpose: Purpose,
        shared: Arc<Shared>,
        credentials: Arc<Credentials>,
    ) -> Arc<Self> {
        let Deadlines {
            attempt, operation, ..
        } = shared.settings.deadlines;
        let (retry, timeouts) = match purpose {
            Purpose::Read => (
                RetryConfig::standard().with_max_attempts(2),
                shared.deadlines(attempt, operation),
            ),
            // A change that got no answer may have happened: whether to try again is decided
            // after reading, and not in here.
            Purpose::Write => (RetryConfig::disabled(), shared.deadlines(operation, operation)),
        };
        let config = base_config(scope, &shared)
            .credentials_provider(credentials.clone().provider())
            .identity_cache(IdentityCache::no_cache())
            .retry_config(retry)
            .timeout_config(timeouts)
            .load()
            .await;
        Arc::new(Self {
            scope: scope.clone(),
            purpose,
            shared,
            config,
            credentials,
            heard: Arc::default(),
            templates: Templates::default(),
            places: Mutex::default(),
            made: Made::default(),
            #[cfg(feature = "aws-extra")]
            elsewhere: Mutex::default(),
        })
    }

    /// The same clients for another region: buckets answer where they lie, and CloudFront has its
    /// metrics and certificates in us-east-1.
    #[cfg(feature = "aws-extra")]
    pub(super) fn in_region(&self, region: &str) -> Arc<Self> {
        lock(&self.elsewhere)
            .entry(region.to_owned())
            .or_insert_with(|| {
                Arc::new(Self {
                    scope: Scope {
                        region: region.to_owned(),
                        ..self.scope.clone()
                    },
                    purpose: self.purpose,
                    shared: self.shared.clone(),
                    config: self.config.clone(),
                    credentials: self.credentials.clone(),
                    heard: self.heard.clone(),
                    templates: Templates::default(),
                    places: Mutex::default(),
                    made: Made::default(),
                    elsewhere: Mutex::default(),
                })
            })
            .clone()
    }

    /// Waits for a place among the calls under way to a service.
    pub(super) async fn place(&self, service: &'static str) -> OwnedSemaphorePermit {
        let places = lock(&self.places)
            .entry(service)
            .or_insert_with(|| Arc::new(Semaphore::new(IN_FLIGHT)))
            .clone();
        places
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// What web services other than AWS's are asked with.
    pub(super) fn web(&self) -> Result<SharedHttpConnector, String> {
        self.shared.web.get_or_init(http::connector).clone()
    }

    /// The calls under way in all scopes.
    pub(super) fn crowd(&self) -> &Crowd {
        &self.shared.crowd
    }

    /// The credentials behind the clients.
    pub(super) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// AWS's clock at its last answer.
    pub(super) fn server_time(&self) -> Option<Timestamp> {
        self.heard.server_time()
    }

    /// The address that takes the place of AWS's own, if there is one.
    #[cfg(feature = "aws-extra")]
    pub(super) fn endpoint_url(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// What is remembered for all scopes.
    pub(super) fn memory(&self) -> &Memory {
        &self.shared.memory
    }

    /// What is remembered of launch templates here.
    pub(super) fn templates(&self) -> &Templates {
        &self.templates
    }

    fn regional(&self) -> Place {
        Place {
            region: self.scope.region.clone(),
            patience: None,
        }
    }

    /// Cost Explorer and Budgets answer in one region of a partition.
    fn billing(&self) -> Place {
        let region = if self.scope.region.starts_with("cn-") {
            "cn-northwest-1"
        } else {
            "us-east-1"
        };
        Place {
            region: region.to_owned(),
            patience: Some(COST),
        }
    }

    /// The quota of retries is the SDK's for a service and region in all accounts together unless
    /// it is told apart: one throttled account must not silence another.
    fn retry_partition(&self, service: &str, region: &str) -> RetryPartition {
        RetryPartition::new(format!("{service}-{region}-{}", self.scope.name))
    }

    fn guard(&self, service: &'static str) -> Guard {
        Guard::new(service, self.purpose, &self.shared.settings)
    }

    fn observer(&self, service: &'static str) -> Observer {
        Observer::new(service, &self.scope, &self.shared.host, &self.heard)
    }
}
