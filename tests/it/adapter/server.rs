//! An HTTP/1.1 server on 127.0.0.1, one thread for each connection, that keeps what it was asked.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::cbor;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    /// The operation's name, in whichever protocol it was asked for.
    pub fn operation(&self) -> String {
        if let Some(target) = self.headers.get("x-amz-target") {
            return target.rsplit('.').next().unwrap_or_default().to_owned();
        }
        self.form("Action")
            .or_else(|| self.path.rsplit("/operation/").next().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Method and path with the query, which is what the REST protocols ask with.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body of the JSON protocols, or of CloudWatch's binary one.
    pub fn json(&self) -> Value {
        if self.header("content-type").contains("cbor") {
            return cbor::decode(&self.body);
        }
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A field of the query protocols.
    pub fn form(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body);
        body.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| unescape(value))
        })
    }

    /// The key that signed it.
    pub fn access_key(&self) -> String {
        self.credential().next().unwrap_or_default().to_owned()
    }

    /// The region that it was signed for.
    pub fn region(&self) -> String {
        self.credential().nth(2).unwrap_or_default().to_owned()
    }

    /// The parts of the signature's scope: key, day, region, service.
    fn credential(&self) -> impl Iterator<Item = &str> {
        let signature = self.header("authorization");
        let (_, after) = signature.split_once("Credential=").unwrap_or_default();
        after.split('/')
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let hex = String::from_utf8_lossy(&hex).into_owned();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What to do with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answer it.
    Reply {
        status: u16,
        content_type: &'static str,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Answer it in CloudWatch's binary protocol; `{"at": seconds}` stands for a time.
    Binary { status: u16, value: Value },
    /// Never answer, and keep the connection.
    Hang,
    /// Close the connection without an answer.
    Drop,
}

impl Answer {
    /// An answer of the JSON protocols.
    pub fn json(body: &Value) -> Self {
        Self::Reply {
            status: 200,
            content_type: "application/x-amz-json-1.1",
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    /// A failure of the JSON protocols.
    pub fn json_error(code: &str, message: &str) -> Self {
        Self::Reply {
            status: 400,
            content_type: "application/x-amz-json-1.1",
            headers: Vec::new(),
            body: json!({"__type": code, "message": message}).to_string(),
        }
    }

    /// A failure of the JSON protocols that comes with this status, as REST services have it.
    pub fn json_failure(status: u16, code: &str, message: &str) -> Self {
        Self::Reply {
            status,
            content_type: "application/json",
            headers: vec![("x-amzn-errortype", code.to_owned())],
            body: json!({"Message": message}).to_string(),
        }
    }

    /// An answer of CloudWatch's binary protocol.
    pub fn binary(value: Value) -> Self {
        Self::Binary { status: 200, value }
    }

    /// A failure in the protocol of the request.
    pub fn refuse(request: &Request, status: u16, code: &str, message: &str) -> Self {
        let kind = request.header("content-type");
        if kind.contains("cbor") {
            let value = json!({"__type": format!("com.amazonaws#{code}"), "message": message});
            Self::Binary { status, value }
        } else if kind.contains("json") {
            Self::json_error(code, message)
        } else {
            Self::query_error(status, code, message)
        }
    }

    /// An answer of the query protocols: what is in the result of the operation.
    pub fn query(operation: &str, result: &str) -> Self {
        Self::xml(
            200,
            format!(
                "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
            ),
        )
    }

    /// A failure of the query protocols.
    pub fn query_error(status: u16, code: &str, message: &str) -> Self {
        Self::xml(
            status,
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error></ErrorResponse>"
            ),
        )
    }

    /// XML as it is.
    pub fn xml(status: u16, body: String) -> Self {
        Self::Reply {
            status,
            content_type: "text/xml",
            headers: Vec::new(),
            body,
        }
    }

    /// A web page.
    pub fn page(status: u16) -> Self {
        Self::Reply {
            status,
            content_type: "text/html",
            headers: Vec::new(),
            body: "<!doctype html><title>no</title>".to_owned(),
        }
    }

    /// The same with a header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Reply { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    seen: Mutex<Vec<Request>>,
    over: Mutex<bool>,
    ended: Condvar,
}

/// The server; it ends with this value.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers with `handler`.
    pub fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            seen: Mutex::default(),
            over: Mutex::new(false),
            ended: Condvar::new(),
        });
        let ours = shared.clone();
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if *lock(&ours.over) {
                    return;
                }
                let (Ok(stream), shared) = (stream, ours.clone()) else {
                    return;
                };
                // A connection that breaks is the client's right.
                thread::spawn(move || serve(&stream, &shared).ok());
            }
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked, in order.
    pub fn requests(&self, operation: &str) -> Vec<Request> {
        lock(&self.shared.seen)
            .iter()
            .filter(|request| request.operation() == operation)
            .cloned()
            .collect()
    }

    /// Everything that it was asked, in order.
    pub fn all(&self) -> Vec<Request> {
        lock(&self.shared.seen).clone()
    }

    /// How often it was asked for an operation.
    pub fn count(&self, operation: &str) -> usize {
        self.requests(operation).len()
    }

    /// How often it was asked at all.
    pub fn total(&self) -> usize {
        lock(&self.shared.seen).len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *lock(&self.shared.over) = true;
        self.shared.ended.notify_all();
        // Wakes the thread that waits for connections; if that fails, it has ended already.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        lock(&shared.seen).push(request.clone());
        match (shared.handler)(&request) {
            Answer::Reply {
                status,
                content_type,
                headers,
                body,
            } => {
                let mut head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n",
                    body.len()
                );
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                let mut stream = stream;
                stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
            }
            Answer::Binary { status, value } => {
                let body = cbor::encode(&value);
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\n\
                     x-amzn-requestid: req-1\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let mut stream = stream;
                stream.write_all(&[head.into_bytes(), body].concat())?;
            }
            Answer::Drop => return Ok(()),
            Answer::Hang => {
                let over = lock(&shared.over);
                let waited = shared.ended.wait_while(over, |over| !*over);
                drop(waited);
                return Ok(());
            }
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request {
        method,
        path,
        headers,
        body,
    }))
}
