//! AWS through its SDK: the only place that names a type of the SDK.
//!
//! A read or a change comes in as data, goes to the file of its service, and is made there with a
//! [`caller::Caller`], which admits it to the rate budget, sends it and turns any failure into a
//! [`Fault`] (`error`). What every attempt has in common hangs on the clients: `observe` meters
//! it, `guard` refuses it while the console is read-only. Credentials are loaded and kept for all
//! regions of a profile or role together (`credentials`).

mod caller;
mod clients;
mod convert;
mod credentials;
mod crowd;
mod error;
mod guard;
mod http;
mod memory;
mod observe;
mod probe;
mod read;
mod web;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cloud::read_only::ReadOnlySwitch;
use crate::cloud::{BoxFuture, Cloud, Host, Parts};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use crate::domain::scope::Scope;

use caller::Caller;
use clients::{Purpose, Registry};

/// What AWS is reached with, for all scopes alike.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// Every service's endpoint; `None` leaves it to `AWS_ENDPOINT_URL`, the profile and AWS.
    pub endpoint_url: Option<String>,
    /// Whether changes are refused.
    pub read_only: Arc<ReadOnlySwitch>,
    /// SSM documents of the estate that may be run as GPU probe, besides the compiled-in line.
    pub probe_documents: Vec<String>,
    /// SSM documents that a runbook may run on hosts.
    pub command_documents: Vec<String>,
    /// The configuration file to read instead of those that `AWS_CONFIG_FILE` and
    /// `AWS_SHARED_CREDENTIALS_FILE` name; `None` reads those, by default in `~/.aws`.
    pub config_file: Option<PathBuf>,
    /// How long to wait for an answer.
    pub deadlines: Deadlines,
}

/// How long to wait for AWS. The SDK's own deadlines are off but for connecting: a call to a silent
/// endpoint would wait for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For a connection to stand; 2 s by default.
    pub connect: Duration,
    /// For one attempt at a read; 5 s by default. A change has one attempt and the whole time.
    pub attempt: Duration,
    /// For a call, with all attempts and the wait between them; 12 s by default.
    pub operation: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            attempt: Duration::from_secs(5),
            operation: Duration::from_secs(12),
        }
    }
}

impl Default for AwsSettings {
    /// AWS itself, read-only.
    fn default() -> Self {
        Self {
            endpoint_url: None,
            read_only: Arc::new(ReadOnlySwitch::on()),
            probe_documents: Vec::new(),
            command_documents: Vec::new(),
            config_file: None,
            deadlines: Deadlines::default(),
        }
    }
}

/// AWS, or anything that speaks its protocols.
pub struct Aws {
    host: Arc<dyn Host>,
    read_only: Arc<ReadOnlySwitch>,
    registry: Registry,
}

impl Aws {
    /// Prepares to reach AWS. Opens no connection and reads no credentials yet.
    pub fn new(host: Arc<dyn Host>, settings: AwsSettings) -> Self {
        Self {
            read_only: settings.read_only.clone(),
            registry: Registry::new(host.clone(), settings),
            host,
        }
    }

    async fn caller<'a>(&'a self, scope: &'a Scope, purpose: Purpose) -> Caller<'a> {
        let clients = self.registry.clients(scope, purpose).await;
        Caller::new(scope, self.host.as_ref(), clients)
    }
}

impl Cloud for Aws {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let caller = self.caller(scope, Purpose::Read).await;
            read::read(&caller, query).await
        })
    }

    fn read_in_parts<'a>(
        &'a self,
        scope: &'a Scope,
        query: &'a Query,
        part: Parts<'a>,
    ) -> BoxFuture<'a, Result<Reply, Fault>> {
        Box::pin(async move {
            let caller = self.caller(scope, Purpose::Read).await.telling(part);
            read::read(&caller, query).await
        })
    }

    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        Box::pin(async move {
            if self.read_only.is_on() {
                let operation = change.operation();
                return Err(Fault::new(
                    FaultKind::ReadOnly,
                    operation.service,
                    operation.name,
                    "the console is read-only",
                ));
            }
            let caller = self.caller(scope, Purpose::Write).await;
            write::write(&caller, change, token).await
        })
    }

    fn supply_mfa_code(&self, scope: &Scope, code: &str) {
        self.registry.credentials(scope).supply_mfa_code(code);
    }

    fn forget(&self, scope: &Scope) {
        self.registry.forget(scope);
    }
}
