//! Runs the built binary as a user would, in an environment that has nothing of the developer's.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::PATIENCE;
use super::screen::Screen;
use super::wait::wait_for;

/// The binary under test, built by the same `cargo test`.
pub const BINARY: &str = env!("CARGO_BIN_EXE_qd");

/// An invocation of `qd`: arguments, environment, and a home directory that its clones share, so that
/// several invocations see each other's state.
#[derive(Debug, Clone)]
pub struct Qd {
    home: Arc<TempDir>,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
}

/// What became of an invocation.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// An invocation under way, without a terminal. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

/// `qd` without arguments, with a fresh home and no credentials, locale UTF-8, state below its home.
pub fn qd() -> Qd {
    let home = TempDir::new().expect("a temporary directory can be made");
    let state = home.path().join("state");
    let environment = [
        ("HOME", home.path().as_os_str().to_owned()),
        ("PATH", OsString::from("/usr/local/bin:/usr/bin:/bin")),
        ("TERM", OsString::from("xterm-256color")),
        ("LANG", OsString::from("C.UTF-8")),
        // Nobody answers at the address of instance metadata, and trying takes seconds.
        ("AWS_EC2_METADATA_DISABLED", OsString::from("true")),
    ];
    Qd {
        arguments: vec!["--state-dir".into(), state.into()],
        environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        home: Arc::new(home),
    }
}

impl Qd {
    /// `env -i qd`: no arguments and no environment at all.
    pub fn bare() -> Self {
        let mut bare = qd();
        bare.arguments.clear();
        bare.environment.clear();
        bare
    }

    /// Adds arguments.
    pub fn args<I: IntoIterator<Item: Into<OsString>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The same with the flags alone that stand before the command.
    pub fn only_flags(&self) -> Self {
        let mut flags = self.clone();
        let command = flags.arguments.iter().position(|argument| argument == "runbook");
        flags.arguments.truncate(command.unwrap_or(flags.arguments.len()));
        flags
    }

    /// The same without arguments that begin like this.
    pub fn without(mut self, beginning: &str) -> Self {
        self.arguments
            .retain(|argument| !argument.to_string_lossy().starts_with(beginning));
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The home directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home directory, such as `.aws/config`, and tells where it is.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        let folder = path.parent().expect("a file below the home has a folder");
        std::fs::create_dir_all(folder).expect("folders below the home can be made");
        std::fs::write(&path, text).expect("files below the home can be written");
        path
    }

    /// Runs it to its end without a terminal.
    #[track_caller]
    pub fn run(&self) -> Finished {
        self.spawn().finish()
    }

    /// Starts it without a terminal, its input empty.
    pub fn spawn(&self) -> Running {
        Self::start(self.command().stdin(Stdio::null()))
    }

    /// Runs it to its end with a file as its input.
    #[track_caller]
    pub fn run_reading(&self, input: &Path) -> Finished {
        let input = std::fs::File::open(input).expect("the input can be read");
        Self::start(self.command().stdin(input)).finish()
    }

    /// Runs a line of shell in the same environment, in which `"$@"` is the invocation.
    #[track_caller]
    pub fn run_in_shell(&self, line: &str) -> Finished {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line, "sh", BINARY]).args(&self.arguments);
        Self::start(self.surround(&mut shell).stdin(Stdio::null())).finish()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.args(&self.arguments);
        self.surround(&mut command);
        command
    }

    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home())
    }

    fn start(command: &mut Command) -> Running {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test starts");
        Running {
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
        }
    }

    /// Starts it in a pseudo-terminal of this size.
    pub fn screen(&self, columns: u16, rows: u16) -> Screen {
        let mut command = CommandBuilder::new(BINARY);
        command.args(&self.arguments);
        command.env_clear();
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command.cwd(self.home());
        Screen::spawn(command, columns, rows)
    }
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("our own child can be signalled");
    }

    /// Waits for its end; a test whose process does not end fails and takes it along.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let stdout = drained(self.stdout.take());
        let stderr = drained(self.stderr.take());
        let status = wait_for(PATIENCE, "qd to end", || {
            self.child.try_wait().expect("our own child can be waited for")
        });
        Finished {
            status,
            stdout: stdout.join().expect("reading does not panic"),
            stderr: stderr.join().expect("reading does not panic"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// The exit code; a process that a signal ended fails the test.
    #[track_caller]
    pub fn code(&self) -> i32 {
        self.status
            .code()
            .unwrap_or_else(|| panic!("no exit code: {self:#?}"))
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON, {error}: {self:#?}"))
    }
}

/// Reads a stream to its end in the background, so that no full pipe stops the process.
fn drained(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // A broken pipe is the end of it.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
