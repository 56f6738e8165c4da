//! A local AWS endpoint: `tests/support/front` with moto behind it, in a process of its own.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::http;
use super::qd::Qd;

/// The region of the world's shop: ECS in two sorts of trouble, databases, caches, logs in Korean.
pub const SHOP: &str = "ap-northeast-2";
/// The region that renders: GPU hosts of every sort, a queue, a lone database.
pub const RENDER: &str = "us-east-1";
/// The account that every credential belongs to.
pub const ACCOUNT: &str = "123456789012";

/// The endpoint. It ends with this value, or with this process however that ends.
#[derive(Debug)]
pub struct Front {
    child: Child,
    address: SocketAddr,
    endpoint: String,
}

/// A call that arrived there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Arrived {
    /// When, RFC 3339 with milliseconds.
    pub at: String,
    /// The IAM prefix, such as `ecs`.
    pub service: String,
    /// The operation, such as `DescribeServices`.
    pub operation: String,
    /// The region it was signed for.
    pub region: String,
    /// Whose key it was signed with.
    pub access_key: String,
    /// The SDK's attempt, from 1.
    pub attempt: u32,
    /// The SDK's id of the call over all its attempts.
    pub invocation: String,
    /// The HTTP status; `None` while it is unanswered.
    pub status: Option<u16>,
    /// The error's code.
    pub error: Option<String>,
    /// The fault that was injected.
    pub fault: Option<String>,
}

/// What the server says when it is ready.
#[derive(Debug, Deserialize)]
struct Ready {
    endpoint: String,
}

impl Front {
    /// Starts one with the world of `tests/support/front/world`, for a test that changes it or counts
    /// calls. `None` only where `QD_TEST_WITHOUT_MOTO=1` says that these tests are to be left out.
    #[track_caller]
    pub fn start() -> Option<Self> {
        Self::with_world("usual")
    }

    /// Starts one with every family of resources that `qd` lists, which takes twice as long.
    #[track_caller]
    pub fn start_whole() -> Option<Self> {
        Self::with_world("whole")
    }

    #[track_caller]
    fn with_world(world: &str) -> Option<Self> {
        if env::var_os("QD_TEST_WITHOUT_MOTO").is_some_and(|value| value == "1") {
            eprintln!("SKIPPED, since QD_TEST_WITHOUT_MOTO=1: this test needs a local AWS endpoint");
            return None;
        }
        let (python, packages) = python();
        let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
        let mut folders = vec![support.clone()];
        folders.extend(packages);
        let mut child = Command::new(&python)
            .args(["-m", "front", "--seed-world", world])
            .current_dir(&support)
            .env(
                "PYTHONPATH",
                env::join_paths(folders).expect("no colon in our paths"),
            )
            // Held until we end; that is how it knows.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}. {HOW}", python.display()));
        let mut line = String::new();
        let output = child.stdout.take().expect("it was asked for");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("its output can be read");
        let ready: Ready = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{} could not start tests/support/front. {HOW}", python.display()));
        let address = ready
            .endpoint
            .strip_prefix("http://")
            .expect("it is an HTTP address");
        Some(Self {
            child,
            address: address.parse().expect("it is an address"),
            endpoint: ready.endpoint,
        })
    }

    /// One for all tests of this process that only read; where each test is a process, one each.
    #[track_caller]
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Front>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Its URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The rules in force from now on, instead of those before; `tests/support/front/faults.py` has
    /// the format. An empty list mends everything, calls that hang included.
    #[track_caller]
    pub fn rules(&self, rules: Value) {
        self.control("PUT /_front/rules", &rules);
    }

    /// Forgets calls and rules.
    #[track_caller]
    pub fn clear(&self) {
        self.control("POST /_front/clear", &Value::Null);
    }

    /// The calls that arrived so far, oldest first.
    #[track_caller]
    pub fn calls(&self) -> Vec<Arrived> {
        let calls = self.control("GET /_front/calls", &Value::Null);
        serde_json::from_value(calls).expect("calls are as declared here")
    }

    /// Cuts every list to pages of so many items, whatever was asked; 0 for AWS's own sizes.
    #[track_caller]
    pub fn page_cap(&self, items: u32) {
        self.control("PUT /_front/settings", &json!({ "page_cap": items }));
    }

    /// Makes a GPU host one of another sort; `tests/support/front/host/__init__.py` has them.
    #[track_caller]
    pub fn host(&self, region: &str, instance: &str, kind: &str) {
        let hosts = json!({ "region": region, "hosts": { instance: kind } });
        self.control("PUT /_front/hosts", &hosts);
    }

    /// Mends a service whose deployment was in trouble.
    #[track_caller]
    pub fn steady(&self, region: &str, cluster: &str, service: &str) {
        let wanted = json!({ "region": region, "cluster": cluster, "service": service });
        self.control("PUT /_front/rollout", &wanted);
    }

    /// Calls AWS through boto3, past rules and log: `client(service).operation(**params)`.
    #[track_caller]
    pub fn aws(&self, region: &str, service: &str, operation: &str, params: Value) -> Value {
        let call = json!({ "region": region, "service": service, "operation": operation, "params": params });
        self.control("POST /_front/aws", &call)
    }

    /// The names that boto3 finds, by region and by kind as `qd status` has it.
    #[track_caller]
    pub fn inventory(&self) -> Value {
        self.control("GET /_front/inventory", &Value::Null)
    }

    #[track_caller]
    fn control(&self, line: &str, value: &Value) -> Value {
        let body = if value.is_null() {
            String::new()
        } else {
            value.to_string()
        };
        let answer = http::request(self.address, line, &[], body.as_bytes()).expect("the front answers");
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{line} {body}: {text}");
        serde_json::from_str(&text).expect("the front answers in JSON")
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Dropping its standard input is enough, but this is at once. It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Qd {
    /// Looks at this endpoint and region, with credentials.
    pub fn on(self, front: &Front, region: &str) -> Self {
        self.env("AWS_ENDPOINT_URL", front.endpoint())
            .env("AWS_REGION", region)
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
    }
}

/// What to do when there is no moto.
const HOW: &str = "Tests against a local AWS endpoint need moto. Run ./test once, which installs it into \
     .venv; or set QD_TEST_PYTHON to a Python that has tests/support/requirements.txt; or set \
     QD_TEST_WITHOUT_MOTO=1 to leave these tests out";

/// The Python to use, and a folder of packages for it where there is no virtual environment.
fn python() -> (PathBuf, Option<PathBuf>) {
    if let Some(named) = env::var_os("QD_TEST_PYTHON") {
        return (named.into(), None);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let environment = root.join(".venv/bin/python");
    let packages = root.join(".venv-site");
    if packages.is_dir() && !environment.exists() {
        return (PathBuf::from("python3"), Some(packages));
    }
    assert!(
        environment.exists(),
        "there is no {}. {HOW}",
        environment.display()
    );
    (environment, None)
}
