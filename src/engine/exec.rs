//! Programs on this machine: the one thing that a runbook can do which no cloud does. [`Local`] stands
//! before a cloud and takes these changes out; everything else goes through. The demo is never put
//! behind one: there a program is only said to have run.
//!
//! A program is one of those that the operator's settings list. It runs through no shell, without input,
//! without the credentials and settings of this process, in a process group of its own, for a limited
//! time; of what it prints the end is kept.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::cloud::read_only::ReadOnlySwitch;
use crate::cloud::{BoxFuture, Cloud, Parts};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::exec::{Outcome, Write};
use crate::domain::ops::{Mutation, Query, Receipt, Reply, Token};
use crate::domain::scope::Scope;
use crate::domain::text::clean_multiline;

/// Bytes that are kept of what a program prints.
const MOST_OUTPUT: usize = 2_000;

/// How long output is waited for once the program has ended: a child of it may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Where programs are looked up by those that run others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A cloud, and the programs of this machine.
pub struct Local {
    inner: Arc<dyn Cloud>,
    programs: Vec<String>,
    read_only: Arc<ReadOnlySwitch>,
}

impl Local {
    /// Puts these programs, named by absolute paths, beside a cloud. No program runs while the switch
    /// is on.
    pub fn around(
        inner: Arc<dyn Cloud>,
        programs: Vec<String>,
        read_only: Arc<ReadOnlySwitch>,
    ) -> Arc<dyn Cloud> {
        Arc::new(Self {
            inner,
            programs,
            read_only,
        })
    }

    async fn run(&self, change: &Write) -> Result<Receipt, Fault> {
        let Write::Run {
            program,
            arguments,
            timeout_s,
        } = change;
        let operation = change.operation();
        let fault = |kind, message: String| Fault::new(kind, operation.service, operation.name, message);
        if self.read_only.is_on() {
            return Err(fault(FaultKind::ReadOnly, "the console is read-only".to_owned()));
        }
        if !program.starts_with('/') || !self.programs.contains(program) {
            return Err(fault(
                FaultKind::Invalid,
                format!("`{program}` is not in `runbooks.programs` of the settings"),
            ));
        }
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("HOME", "/")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let child = command
            .spawn()
            .map_err(|error| fault(FaultKind::Invalid, format!("{program} cannot be run: {error}")))?;
        let outcome = watch(child, Duration::from_secs(u64::from(*timeout_s))).await;
        let created = serde_json::to_string(&outcome)
            .map_err(|error| fault(FaultKind::Other, format!("{program}: {error}")))?;
        Ok(Receipt {
            request_id: None,
            created: Some(created),
        })
    }
}

/// Waits for a program, and kills it with all its children if it takes too long.
async fn watch(mut child: Child, patience: Duration) -> Outcome {
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let printed = tokio::spawn(last_words(child.stdout.take(), child.stderr.take()));
    let status = timeout(patience, child.wait()).await;
    let timed_out = status.is_err();
    if let (true, Some(group)) = (timed_out, group) {
        // It may have ended in this moment; then there is nothing to kill.
        kill_process_group(group, Signal::KILL).unwrap_or_default();
        drop(child.wait().await);
    }
    let abort = printed.abort_handle();
    let output = match timeout(LAST_WORDS, printed).await {
        Ok(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Err(_)) => String::new(),
        Err(_) => {
            abort.abort();
            String::new()
        }
    };
    Outcome {
        exit_code: status
            .ok()
            .and_then(Result::ok)
            .as_ref()
            .and_then(ExitStatus::code),
        timed_out,
        output: clean_multiline(&output).into_owned(),
    }
}

/// The end of both streams, the errors last.
async fn last_words(
    stdout: Option<impl AsyncRead + Unpin>,
    stderr: Option<impl AsyncRead + Unpin>,
) -> Vec<u8> {
    let (mut first, second) = tokio::join!(end_of(stdout), end_of(stderr));
    first.extend(second);
    first
}

/// The last bytes of a stream. It is read to its end, so that the program never waits for us.
async fn end_of(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut stream) = stream else {
        return Vec::new();
    };
    let mut kept = Vec::new();
    let mut buffer = vec![0; 4_096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..count]);
        let over = kept.len().saturating_sub(MOST_OUTPUT / 2);
        kept.drain(..over);
    }
    kept
}

impl Cloud for Local {
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        self.inner.read(scope, query)
    }

    fn read_in_parts<'a>(
        &'a self,
        scope: &'a Scope,
        query: &'a Query,
        part: Parts<'a>,
    ) -> BoxFuture<'a, Result<Reply, Fault>> {
        self.inner.read_in_parts(scope, query, part)
    }

    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        match change {
            Mutation::Exec(run) => Box::pin(self.run(run)),
            _ => self.inner.write(scope, change, token),
        }
    }

    fn supply_mfa_code(&self, scope: &Scope, code: &str) {
        self.inner.supply_mfa_code(scope, code);
    }

    fn forget(&self, scope: &Scope) {
        self.inner.forget(scope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cloud that nobody reaches.
    struct Nowhere;

    impl Cloud for Nowhere {
        fn read<'a>(&'a self, _: &'a Scope, _: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
            unreachable!("only programs are run here")
        }

        fn write<'a>(
            &'a self,
            _: &'a Scope,
            _: &'a Mutation,
            _: &'a Token,
        ) -> BoxFuture<'a, Result<Receipt, Fault>> {
            unreachable!("only programs are run here")
        }

        fn supply_mfa_code(&self, _: &Scope, _: &str) {}

        fn forget(&self, _: &Scope) {}
    }

    fn run(argv: &[&str], timeout_s: u32, read_only: ReadOnlySwitch) -> Result<Outcome, Fault> {
        let programs = vec![
            "/bin/sh".to_owned(),
            "/usr/bin/env".to_owned(),
            "/no/where".to_owned(),
        ];
        let local = Local::around(Arc::new(Nowhere), programs, Arc::new(read_only));
        let change = Mutation::Exec(Write::Run {
            program: argv[0].to_owned(),
            arguments: argv[1..].iter().map(|word| (*word).to_owned()).collect(),
            timeout_s,
        });
        let scope = Scope {
            name: crate::domain::scope::ScopeName::new("default/us-east-1"),
            profile: None,
            region: "us-east-1".to_owned(),
            role: None,
            expected_account: None,
            account_name: None,
        };
        let token = Token("t".to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let receipt = runtime.block_on(local.write(&scope, &change, &token))?;
        Ok(serde_json::from_str(&receipt.created.unwrap()).unwrap())
    }

    #[test]
    fn a_program_runs_as_it_is_called_and_knows_nothing_of_us() {
        let outcome = run(
            &[
                "/bin/sh",
                "-c",
                "echo \"$1\"; echo two >&2; exit 3",
                "sh",
                "$(id); *",
            ],
            10,
            ReadOnlySwitch::off(),
        )
        .unwrap();
        assert_eq!((outcome.exit_code, outcome.timed_out), (Some(3), false));
        assert_eq!(outcome.output, "$(id); *\ntwo\n");
        let environment = run(&["/usr/bin/env"], 10, ReadOnlySwitch::off()).unwrap().output;
        let mut names: Vec<&str> = environment
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, _)| name))
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["HOME", "LANG", "PATH"]);
    }

    #[test]
    fn what_it_prints_is_bounded_and_made_safe() {
        let outcome = run(
            &[
                "/bin/sh",
                "-c",
                "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; printf '\\033[2Jlast'",
            ],
            60,
            ReadOnlySwitch::off(),
        )
        .unwrap();
        assert!(outcome.output.len() <= MOST_OUTPUT, "{}", outcome.output.len());
        assert!(outcome.output.ends_with("line 19999\nlast"), "{}", outcome.output);
    }

    #[test]
    fn a_program_that_takes_too_long_is_killed_with_its_children() {
        let outcome = run(
            &["/bin/sh", "-c", "echo begun; sleep 600 & wait"],
            1,
            ReadOnlySwitch::off(),
        )
        .unwrap();
        assert_eq!((outcome.exit_code, outcome.timed_out), (None, true));
        assert_eq!(outcome.output, "begun\n");
    }

    #[test]
    fn only_what_the_operator_lists_is_run_and_nothing_while_read_only() {
        for (argv, switch, kind) in [
            (["/bin/ls"], ReadOnlySwitch::off(), FaultKind::Invalid),
            (["sh"], ReadOnlySwitch::off(), FaultKind::Invalid),
            (["/no/where"], ReadOnlySwitch::off(), FaultKind::Invalid),
            (["/usr/bin/env"], ReadOnlySwitch::on(), FaultKind::ReadOnly),
        ] {
            assert_eq!(run(&argv, 10, switch).unwrap_err().kind, kind, "{argv:?}");
        }
    }
}
