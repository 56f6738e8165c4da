//! An adapter that reaches a server of this process, with a configuration file of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::cloud::aws::{Aws, AwsSettings, Deadlines};
use quarterdeck::cloud::meter::{Call, CallEnd};
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::cloud::{BoxFuture, Cloud, Host, Parts};
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::ops::{Mutation, Operation, Query, Receipt, Reply, Token};
use quarterdeck::domain::scope::{Scope, ScopeName};
use quarterdeck::engine::clock::{Clock, ManualClock, ScaledClock};
use tempfile::TempDir;

use super::server::Server;

/// How much faster the cloud's clock runs here: waiting in vain for hosts takes two seconds, which
/// is still enough for all calls on a loaded machine.
const SPEED: f64 = 6.0;

/// Two profiles with keys, and one with a role for each thing that can be asked of it.
const CONFIG: &str = "
[profile test]
aws_access_key_id = AKIDTEST
aws_secret_access_key = secret
[profile role]
role_arn = arn:aws:iam::123456789012:role/ops
source_profile = test
external_id = corp
[profile device]
role_arn = arn:aws:iam::123456789012:role/ops
source_profile = test
mfa_serial = arn:aws:iam::123456789012:mfa/alice
";

/// Time that runs fast, leave that is always given, and a meter.
pub struct TestHost {
    clock: Box<dyn Clock>,
    calls: Mutex<Vec<Call>>,
    admitted: Mutex<Vec<Operation>>,
}

impl Host for TestHost {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(span)
    }

    fn admit(&self, _scope: &Scope, operation: Operation) -> BoxFuture<'static, ()> {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.push(operation);
        Box::pin(std::future::ready(()))
    }

    fn metered(&self, call: Call) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call);
    }
}

/// An adapter with what it stands on.
pub struct Fixture {
    pub aws: Aws,
    pub host: Arc<TestHost>,
    pub read_only: Arc<ReadOnlySwitch>,
    folder: TempDir,
}

impl Fixture {
    /// An adapter that may change things and reaches `server`.
    pub fn new(server: &Server) -> Self {
        Self::at(&server.url(), Deadlines::default())
    }

    /// An adapter with little patience.
    pub fn hasty(server: &Server) -> Self {
        let deadlines = Deadlines {
            connect: Duration::from_millis(200),
            attempt: Duration::from_millis(200),
            operation: Duration::from_secs(2),
        };
        Self::at(&server.url(), deadlines)
    }

    /// An adapter whose clock stands.
    pub fn still(server: &Server, now: Timestamp) -> Self {
        Self::with_clock(
            &server.url(),
            Deadlines::default(),
            Box::new(ManualClock::new(now)),
        )
    }

    /// An adapter that reaches `url`.
    pub fn at(url: &str, deadlines: Deadlines) -> Self {
        let clock = ScaledClock::new(Timestamp::now(), SPEED);
        Self::with_clock(url, deadlines, Box::new(clock))
    }

    fn with_clock(url: &str, deadlines: Deadlines, clock: Box<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let read_only = Arc::new(ReadOnlySwitch::off());
        let host = Arc::new(TestHost {
            clock,
            calls: Mutex::default(),
            admitted: Mutex::default(),
        });
        let settings = AwsSettings {
            endpoint_url: Some(url.to_owned()),
            read_only: read_only.clone(),
            probe_documents: vec!["estate-probe".to_owned()],
            command_documents: vec!["estate-restart".to_owned()],
            config_file: Some(folder.path().join("config")),
            deadlines,
        };
        let fixture = Self {
            aws: Aws::new(host.clone(), settings),
            host,
            read_only,
            folder,
        };
        fixture.configure(CONFIG);
        fixture
    }

    /// Replaces the configuration file.
    pub fn configure(&self, text: &str) {
        let path: PathBuf = self.folder.path().join("config");
        std::fs::write(path, text).expect("it can be written");
    }

    /// Asks with the keys of the profile `test`.
    pub async fn ask(&self, query: Query) -> Result<Reply, Fault> {
        self.aws.read(&scope("test"), &query).await
    }

    /// The same, telling of parts of the answer.
    pub async fn ask_in_parts(&self, query: Query, part: Parts<'_>) -> Result<Reply, Fault> {
        self.aws.read_in_parts(&scope("test"), &query, part).await
    }

    /// Changes with the keys of the profile `test`.
    pub async fn change(&self, change: Mutation) -> Result<Receipt, Fault> {
        let token = Token("token-1".to_owned());
        self.aws.write(&scope("test"), &change, &token).await
    }

    /// How the attempts at an operation ended, in order.
    pub fn ends(&self, operation: &str) -> Vec<CallEnd> {
        self.calls()
            .iter()
            .filter(|call| call.operation.name == operation)
            .map(|call| call.end)
            .collect()
    }

    /// Every attempt that was metered.
    pub fn calls(&self) -> Vec<Call> {
        self.host
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Every call that the rate budget was asked about.
    pub fn admitted(&self) -> usize {
        self.host
            .admitted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

/// A scope of a profile, in Seoul.
pub fn scope(profile: &str) -> Scope {
    scope_in(profile, "ap-northeast-2")
}

/// A scope of a profile.
pub fn scope_in(profile: &str, region: &str) -> Scope {
    Scope {
        name: ScopeName::new(&format!("{profile}/{region}")),
        profile: Some(profile.to_owned()),
        region: region.to_owned(),
        role: None,
        expected_account: None,
        account_name: None,
    }
}
