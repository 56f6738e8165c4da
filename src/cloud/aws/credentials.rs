//! Credentials: loaded when first needed, kept until shortly before they end, loaded anew after
//! they failed. All regions of a profile or role share them, so that a code of an MFA device,
//! which works once, is asked for once.

mod plan;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{self, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_types::os_shim_internal::{Env, Fs};
use futures_util::future::{Either, select};
use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

use crate::cloud::aws::clients::{Shared, base_config, lock};
use crate::cloud::aws::error;
use crate::cloud::aws::observe::{ASSUME_ROLE, GET_SESSION_TOKEN, Heard, Observer};
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::scope::Scope;

use plan::{Base, Plan, Step};

type SdkCredentials = aws_credential_types::Credentials;

/// How long before their end credentials are loaded anew.
const AHEAD: Duration = Duration::from_secs(60);
/// How long a failure stands before the next attempt: a refresh of every pane at once is to ask
/// an identity provider once.
const PAUSE: Duration = Duration::from_secs(2);
/// How long to wait for credentials: instance metadata alone takes four seconds to be absent.
const LOAD: Duration = Duration::from_secs(12);
/// The name of our sessions in CloudTrail, where the profile gives none.
const SESSION_NAME: &str = "quarterdeck";

/// Which credentials a scope has, regardless of its region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Reach {
    profile: Option<String>,
    role: Option<(String, Option<String>, Option<String>)>,
}

impl Reach {
    pub(super) fn of(scope: &Scope) -> Self {
        Self {
            profile: scope.profile.clone(),
            role: scope.role.as_ref().map(|role| {
                (
                    role.role_arn.clone(),
                    role.external_id.clone(),
                    role.mfa_serial.clone(),
                )
            }),
        }
    }
}

/// The credentials of one profile or role.
pub(super) struct Credentials {
    /// The first scope that needed them: its region's STS is asked.
    scope: Scope,
    shared: Arc<Shared>,
    /// Locked while loading, so that everybody who needs them waits for one load.
    state: AsyncMutex<State>,
    mfa_code: Mutex<Option<String>>,
    rejected: AtomicBool,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct State {
    held: Option<SdkCredentials>,
    tried_at: Option<Timestamp>,
    failed: Option<Fault>,
}

impl Credentials {
    pub(super) fn new(scope: &Scope, shared: Arc<Shared>) -> Self {
        Self {
            scope: scope.clone(),
            shared,
            state: AsyncMutex::default(),
            mfa_code: Mutex::default(),
            rejected: AtomicBool::new(false),
            heard: Arc::default(),
        }
    }

    /// Makes sure that there are credentials. Done apart from the call that needs them: inside it
    /// the SDK would report a slow identity provider as a timeout of the service.
    pub(super) async fn ready(&self) -> Result<(), Fault> {
        self.current().await.map(|_| ())
    }

    /// When they end, where that is known.
    pub(super) async fn expire_at(&self) -> Option<Timestamp> {
        let state = self.state.lock().await;
        state.held.as_ref().and_then(expiry)
    }

    /// AWS did not accept them: they are loaded anew before they are used again.
    pub(super) fn rejected(&self) {
        self.rejected.store(true, Ordering::SeqCst);
    }

    /// Keeps a code of the MFA device for the next load, which comes with the next call.
    pub(super) fn supply_mfa_code(&self, code: &str) {
        *lock(&self.mfa_code) = Some(code.trim().to_owned());
    }

    /// The same for the SDK.
    pub(super) fn provider(self: Arc<Self>) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Provider(self))
    }

    async fn current(&self) -> Result<SdkCredentials, Fault> {
        let mut state = self.state.lock().await;
        let now = self.shared.host.now();
        let paused = state.tried_at.is_some_and(|at| now < at + PAUSE) && lock(&self.mfa_code).is_none();
        let rejected = self.rejected.load(Ordering::SeqCst);
        if let Some(held) = &state.held {
            let fresh = !rejected && expiry(held).is_none_or(|end| now + AHEAD < end);
            let usable = expiry(held).is_none_or(|end| now < end);
            if fresh || (paused && usable) {
                return Ok(held.clone());
            }
        }
        if let Some(fault) = state.failed.as_ref().filter(|_| paused) {
            return Err(fault.clone());
        }
        self.rejected.store(false, Ordering::SeqCst);
        let loaded = self.load_in_time().await;
        // From its end, so that those who waited for this one do not begin the next.
        let now = self.shared.host.now();
        state.tried_at = Some(now);
        match loaded {
            Ok(loaded) => {
                state.failed = None;
                state.held = Some(loaded.clone());
                Ok(loaded)
            }
            Err(fault) => {
                state.failed = Some(fault.clone());
                // What AWS has not refused yet is better than nothing until it ends.
                let usable = |held: &SdkCredentials| !rejected && expiry(held).is_none_or(|end| now < end);
                state.held = state.held.take().filter(usable);
                state.held.clone().ok_or(fault)
            }
        }
    }

    async fn load_in_time(&self) -> Result<SdkCredentials, Fault> {
        // On the heap: every call waits for credentials and would carry the room to load them.
        let load = Box::pin(self.load());
        match select(load, self.shared.host.sleep(LOAD)).await {
            Either::Left((loaded, _)) => loaded,
            Either::Right(((), _)) => Err(fault(FaultKind::Timeout, "no credentials in time")),
        }
    }

    /// Loads them from the beginning: the configuration files may have changed.
    async fn load(&self) -> Result<SdkCredentials, Fault> {
        if let Err(problem) = &self.shared.http {
            return Err(fault(FaultKind::Unreachable, problem.clone()));
        }
        let profiles = profile::load(
            &Fs::real(),
            &Env::real(),
            &self.shared.config_files(),
            self.scope.profile.clone().map(Into::into),
        )
        .await
        .map_err(|problem| {
            let chain = format!("the AWS configuration files cannot be read: {problem}");
            fault(FaultKind::Credentials(CredentialFault::Missing), chain)
        })?;
        let exported = std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty());
        let plan = Plan::of(&profiles, &self.scope, exported)
            .map_err(|problem| fault(FaultKind::Credentials(problem.fault), problem.message))?;
        let mut held = self.base(plan.base).await?;
        for step in plan.steps {
            held = self.step(held, step).await?;
        }
        Ok(held)
    }

    /// The credentials that everything else rests on.
    async fn base(&self, base: Base) -> Result<SdkCredentials, Fault> {
        let mut config = ProviderConfig::without_region()
            .with_region(Some(Region::new(self.scope.region.clone())))
            .with_retry_config(RetryConfig::standard().with_max_attempts(2))
            .with_timeout_config(self.shared.deadlines(LOAD / 2, LOAD));
        if let Ok(http) = &self.shared.http {
            config = config.with_http_client(http.clone());
        }
        let file = |name: &str| {
            ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_files(self.shared.config_files())
                .profile_name(name)
                .build()
        };
        let container = || EcsCredentialsProvider::builder().configure(&config).build();
        let instance = || ImdsCredentialsProvider::builder().configure(&config).build();
        let loaded = match base {
            Base::Chain => {
                let chain = DefaultCredentialsChain::builder()
                    .configure(config.clone())
                    .region(Region::new(self.scope.region.clone()))
                    .build()
                    .await;
                chain.provide_credentials().await
            }
            // A profile that somebody named is not overruled by exported keys, as it is in the
            // SDK's own chain; one that only names a region still finds the instance's role.
            Base::Named(name) => {
                let web = WebIdentityTokenCredentialsProvider::builder()
                    .configure(&config)
                    .build();
                CredentialsProviderChain::first_try("Profile", file(&name))
                    .or_else("WebIdentityToken", web)
                    .or_else("EcsContainer", container())
                    .or_else("Ec2InstanceMetadata", instance())
                    .provide_credentials()
                    .await
            }
            Base::Source(name) => file(&name).provide_credentials().await,
            Base::Environment => {
                EnvironmentVariableCredentialsProvider::new()
                    .provide_credentials()
                    .await
            }
            Base::Container => container().provide_credentials().await,
            Base::Instance => instance().provide_credentials().await,
            Base::Keys(keys) => Ok(SdkCredentials::new(
                keys.id,
                keys.secret,
                keys.token,
                None,
                "profile",
            )),
        };
        loaded.map_err(|problem| {
            let (kind, message) = error::credentials(&problem);
            fault(kind, message)
        })
    }

    /// Goes from credentials to the next ones.
    async fn step(&self, held: SdkCredentials, step: Step) -> Result<SdkCredentials, Fault> {
        let serial = step.serial().map(str::to_owned);
        let code = match &serial {
            None => None,
            Some(serial) => match lock(&self.mfa_code).take() {
                Some(code) => Some(code),
                None => return Err(wants_code(serial, "the role wants a code of an MFA device")),
            },
        };
        let (operation, answer) = match step {
            Step::AssumeRole(role) => {
                let call = self
                    .sts(held)
                    .await
                    .assume_role()
                    .role_arn(role.arn)
                    .role_session_name(role.session_name.as_deref().unwrap_or(SESSION_NAME))
                    .set_external_id(role.external_id)
                    .set_duration_seconds(role.duration_seconds)
                    .set_serial_number(serial.clone())
                    .set_token_code(code);
                self.shared.host.admit(&self.scope, ASSUME_ROLE).await;
                let answer = call.send().await;
                let now = self.shared.host.now();
                let answer = answer
                    .map(|answer| answer.credentials)
                    .map_err(|problem| error::fault(ASSUME_ROLE, &problem, now));
                (ASSUME_ROLE, answer)
            }
            Step::SessionToken { .. } => {
                let call = self
                    .sts(held)
                    .await
                    .get_session_token()
                    .set_serial_number(serial.clone())
                    .set_token_code(code);
                self.shared.host.admit(&self.scope, GET_SESSION_TOKEN).await;
                let answer = call.send().await;
                let now = self.shared.host.now();
                let answer = answer
                    .map(|answer| answer.credentials)
                    .map_err(|problem| error::fault(GET_SESSION_TOKEN, &problem, now));
                (GET_SESSION_TOKEN, answer)
            }
        };
        match answer {
            Ok(Some(session)) => Ok(SdkCredentials::new(
                session.access_key_id,
                session.secret_access_key,
                Some(session.session_token),
                SystemTime::try_from(session.expiration).ok(),
                "quarterdeck",
            )),
            Ok(None) => Err(Fault::new(
                FaultKind::Other,
                operation.service,
                operation.name,
                "the answer holds no credentials",
            )),
            Err(problem) => Err(refused(problem, serial.as_deref())),
        }
    }

    async fn sts(&self, held: SdkCredentials) -> aws_sdk_sts::Client {
        let config = base_config(&self.scope, &self.shared)
            .credentials_provider(held)
            .identity_cache(IdentityCache::no_cache())
            .timeout_config(self.shared.deadlines(LOAD / 2, LOAD))
            // A code works once, and a second attempt would say that it is wrong.
            .retry_config(RetryConfig::disabled())
            .load()
            .await;
        let observer = Observer::new("sts", &self.scope, &self.shared.host, &self.heard);
        let config = aws_sdk_sts::config::Builder::from(&config)
            .interceptor(observer)
            .build();
        aws_sdk_sts::Client::from_conf(config)
    }
}

fn fault(kind: FaultKind, message: impl Into<String>) -> Fault {
    Fault::new(kind, "sts", "", message)
}

fn wants_code(serial: &str, message: &str) -> Fault {
    let kind = FaultKind::Credentials(CredentialFault::MfaRequired {
        serial: serial.to_owned(),
    });
    fault(kind, message)
}

/// A role or session that was refused: a wrong code can be typed again, all else needs a person.
fn refused(problem: Fault, serial: Option<&str>) -> Fault {
    let about_code = problem.message.contains("MultiFactorAuthentication")
        || problem.message.contains("tokenCode")
        || problem.message.contains("MFA");
    match (&problem.kind, serial) {
        (FaultKind::AccessDenied | FaultKind::Invalid, Some(serial)) if about_code => Fault {
            kind: FaultKind::Credentials(CredentialFault::MfaRequired {
                serial: serial.to_owned(),
            }),
            ..problem
        },
        (FaultKind::AccessDenied, _) => Fault {
            kind: FaultKind::Credentials(CredentialFault::RoleDenied),
            ..problem
        },
        _ => problem,
    }
}

fn expiry(credentials: &SdkCredentials) -> Option<Timestamp> {
    credentials.expiry().and_then(|end| Timestamp::try_from(end).ok())
}

/// Gives the SDK what we hold.
struct Provider(Arc<Credentials>);

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.0.scope.name).finish()
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.0.current().await.map_err(CredentialsError::provider_error)
        })
    }
}
