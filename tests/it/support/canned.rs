//! A server on this machine that answers AWS's calls with what a test wrote down, and the adapter
//! pointed at it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::cloud::aws::{Aws, AwsSettings};
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::cloud::{BoxFuture, Cloud, Host, meter};
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::ops::{Mutation, Operation, Query, Receipt, Reply, Token};
use quarterdeck::domain::scope::{Scope, ScopeName};
use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, cbor};

/// A call that arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The operation, such as `DescribeDBInstances`.
    pub operation: String,
    /// Headers by their name in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Arrived {
    /// A parameter of the query protocol; `None` if it was not sent.
    pub fn param(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.body);
        text.split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| unescaped(key) == name)
            .map(|(_, value)| unescaped(value))
    }

    /// The body of a JSON protocol, or of CloudWatch's binary one.
    pub fn value(&self) -> Value {
        if self
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.contains("cbor"))
        {
            return cbor::decode(&self.body);
        }
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The region that the call was signed for.
    pub fn region(&self) -> &str {
        self.headers["authorization"]
            .split('/')
            .nth(2)
            .expect("the signature names a region")
    }
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.expect("two digits"));
                let digits = std::str::from_utf8(&digits).expect("two digits");
                u8::from_str_radix(digits, 16).expect("two digits")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("text")
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
}

/// The answer of a query protocol: what stands in the operation's result.
pub fn xml(operation: &str, result: &str) -> Answer {
    Answer {
        status: 200,
        kind: "text/xml",
        body: format!(
            "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        )
        .into_bytes(),
    }
}

/// The answer of a JSON protocol.
pub fn json(value: &Value) -> Answer {
    Answer {
        status: 200,
        kind: "application/x-amz-json-1.0",
        body: value.to_string().into_bytes(),
    }
}

/// The answer of CloudWatch's binary protocol; `{"at": seconds}` stands for a time.
pub fn binary(value: &Value) -> Answer {
    Answer {
        status: 200,
        kind: "application/cbor",
        body: cbor::encode(value),
    }
}

/// A refusal in the protocol of the call.
pub fn refuse(call: &Arrived, status: u16, code: &str, message: &str) -> Answer {
    let kind = call.headers.get("content-type").map_or("", String::as_str);
    let error = serde_json::json!({ "__type": format!("com.amazonaws#{code}"), "message": message });
    let answer = if kind.contains("cbor") {
        binary(&error)
    } else if kind.contains("json") {
        json(&error)
    } else {
        let error =
            format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        Answer {
            status,
            kind: "text/xml",
            body: format!("<ErrorResponse>{error}</ErrorResponse>").into_bytes(),
        }
    };
    Answer { status, ..answer }
}

/// What an endpoint that is none of AWS's own answers.
pub fn web_page(status: u16) -> Answer {
    Answer {
        status,
        kind: "text/html",
        body: b"<!doctype html><title>Internal Server Error</title>".to_vec(),
    }
}

/// The server, and AWS as the adapter finds it there. Both end with this value.
pub struct Canned {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
    aws: Aws,
    host: Arc<Recorder>,
    _config: TempDir,
}

impl Canned {
    /// Starts a server that answers with what `answer` makes of each call.
    pub fn start(answer: impl Fn(&Arrived) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let serving = {
            let (arrived, over) = (arrived.clone(), over.clone());
            let answer = Arc::new(answer);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let (arrived, answer) = (arrived.clone(), answer.clone());
                    let stream = stream.expect("a connection");
                    // A call that the client gives up on is the test's business, not ours.
                    thread::spawn(move || serve(&stream, &arrived, &*answer).ok());
                }
            })
        };
        let config = tempfile::tempdir().expect("a folder");
        let file = config.path().join("config");
        let keys =
            "[profile test]\naws_access_key_id = AKIATEST\naws_secret_access_key = not-a-real-secret\n";
        std::fs::write(&file, keys).expect("it can be written");
        let host = Arc::new(Recorder::default());
        let settings = AwsSettings {
            endpoint_url: Some(format!("http://{address}")),
            read_only: Arc::new(ReadOnlySwitch::off()),
            config_file: Some(file),
            ..AwsSettings::default()
        };
        Self {
            address,
            arrived,
            over,
            serving: Some(serving),
            aws: Aws::new(host.clone(), settings),
            host,
            _config: config,
        }
    }

    /// Asks the adapter, in Seoul.
    pub async fn read(&self, query: Query) -> Result<Reply, Fault> {
        self.aws.read(&scope(), &query).await
    }

    /// Lets the adapter make a change, in Seoul.
    pub async fn write(&self, change: Mutation) -> Result<Receipt, Fault> {
        let token = Token("run-1".to_owned());
        self.aws.write(&scope(), &change, &token).await
    }

    /// The calls that arrived, oldest first.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().expect("nobody panicked").clone()
    }

    /// The calls of one operation.
    pub fn arrived_as(&self, operation: &str) -> Vec<Arrived> {
        let mut calls = self.arrived();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// What the adapter told of its attempts.
    pub fn metered(&self) -> Vec<meter::Call> {
        self.host.calls.lock().expect("nobody panicked").clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the server, which looks at each connection whether it is over.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(serving) = self.serving.take().filter(|_| woken) {
            serving.join().ok();
        }
    }
}

fn scope() -> Scope {
    Scope {
        name: ScopeName::new("test/ap-northeast-2"),
        profile: Some("test".to_owned()),
        region: "ap-northeast-2".to_owned(),
        role: None,
        expected_account: None,
    }
}

/// The clock of these tests: the small hours of a Saturday.
pub fn now() -> Timestamp {
    "2026-11-21T02:34:56Z".parse().expect("a time")
}

/// A host whose clock stands and that keeps what it is told.
#[derive(Default)]
struct Recorder {
    calls: Mutex<Vec<meter::Call>>,
}

impl Host for Recorder {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(span))
    }

    fn admit(&self, _scope: &Scope, _operation: Operation) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn metered(&self, call: meter::Call) {
        self.calls.lock().expect("nobody panicked").push(call);
    }
}

fn serve(
    stream: &TcpStream,
    arrived: &Mutex<Vec<Arrived>>,
    answer: &dyn Fn(&Arrived) -> Answer,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let call = receive(&mut reader)?;
    arrived.lock().expect("nobody panicked").push(call.clone());
    let answer = answer(&call);
    let protocol = match call.headers.get("smithy-protocol") {
        Some(protocol) => format!("smithy-protocol: {protocol}\r\n"),
        None => String::new(),
    };
    let head = format!(
        "HTTP/1.1 {} -\r\nContent-Type: {}\r\nContent-Length: {}\r\n{protocol}x-amzn-requestid: req-1\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.kind,
        answer.body.len()
    );
    let mut stream = reader.into_inner();
    stream.write_all(&[head.as_bytes(), &answer.body].concat())
}

fn receive(reader: &mut impl BufRead) -> io::Result<Arrived> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut call = Arrived {
        operation: String::new(),
        headers,
        body,
    };
    // Each protocol names the operation in a place of its own.
    let target = call
        .headers
        .get("x-amz-target")
        .and_then(|target| target.rsplit('.').next());
    let in_path = path.split_once("/operation/").map(|(_, operation)| operation);
    call.operation = match target.or(in_path) {
        Some(operation) => operation.to_owned(),
        None => call.param("Action").unwrap_or_default(),
    };
    Ok(call)
}
