//! The GPU probe: one command for fifty hosts, asked after until all have answered or time is up.
//! Whatever becomes of one host is that host's row; it never costs the others theirs.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use aws_sdk_ssm::types::CommandInvocation;
use futures_util::future::{BoxFuture, Either, join, join_all, select};
use jiff::Timestamp;

use super::{HOSTS_AT_ONCE, convert, registered};
use crate::cloud::aws::caller::{Caller, Page, each, pages};
use crate::cloud::aws::probe::parameters;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::gpu::probe::{SSM_DELIVERY_TIMEOUT_S, SSM_DOCUMENT};
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::ssm::{ManagedHost, Ping, ProbeEnd, ProbeOutput};

const SEND: Operation = Operation::new("ssm", "SendCommand");
const LIST: Operation = Operation::new("ssm", "ListCommandInvocations");
const GET: Operation = Operation::new("ssm", "GetCommandInvocation");
const CANCEL: Operation = Operation::new("ssm", "CancelCommand");

/// How long hosts may take to answer, from when the probe was asked for. A driver that hangs, or
/// an agent that has died with its invocation in progress, is not waited for.
const PATIENCE: Duration = Duration::from_secs(13);
/// How long calling a command off may take.
const CALLING_OFF: Duration = Duration::from_millis(1_500);
/// The first wait for answers; most hosts answer within a second.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What becomes of hosts, by instance.
type Outputs = BTreeMap<String, ProbeOutput>;

/// Runs the probe on these instances.
pub(super) async fn probe(
    caller: &Caller<'_>,
    instances: &[String],
    document: Option<&str>,
) -> Result<Reply, Fault> {
    let deadline = caller.host().now() + PATIENCE;
    let (hosts, mut gaps) = registered(caller, instances).await?;
    let now = caller.host().now();
    let pings: BTreeMap<&str, &ManagedHost> = hosts
        .iter()
        .map(|host| (host.instance_id.as_str(), host))
        .collect();
    let mut outputs = Outputs::new();
    let mut online = Vec::new();
    for instance in instances {
        let (end, detail) = match pings.get(instance.as_str()) {
            Some(host) if host.ping == Ping::Online => {
                online.push(instance.clone());
                continue;
            }
            Some(host) => (ProbeEnd::Offline, last_heard(host)),
            // Some of the listing is missing, and the host may be in there.
            None if !gaps.is_empty() => (ProbeEnd::Failed, "not known whether it is registered".to_owned()),
            None => (
                ProbeEnd::NotManaged,
                "not registered with Systems Manager".to_owned(),
            ),
        };
        outputs.insert(instance.clone(), silent(instance, end, &detail, now));
    }
    // What is known at once need not wait for hosts that have to be asked.
    if !outputs.is_empty() {
        caller.tell(ReplyData::ProbeOutputs(outputs.values().cloned().collect()));
    }
    let chunks: Vec<Vec<String>> = online.chunks(HOSTS_AT_ONCE).map(<[String]>::to_vec).collect();
    let asked = Asked {
        caller,
        document,
        deadline,
    };
    // All at once: they mostly wait, and all for the same deadline.
    let answers = join_all(chunks.into_iter().map(|chunk| asked.ask(chunk))).await;
    let nothing = !answers.is_empty() && answers.iter().all(|answer| answer.outputs.is_empty());
    for answer in answers {
        outputs.extend(answer.outputs);
        gaps.extend(answer.gaps);
    }
    if nothing && let Some(first) = gaps.first() {
        return Err(first.clone());
    }
    let now = caller.host().now();
    let why = gaps
        .first()
        .map_or_else(|| "not asked".to_owned(), Fault::to_string);
    // Every host that was named gets its row.
    let rows = instances
        .iter()
        .map(|instance| {
            outputs
                .remove(instance)
                .unwrap_or_else(|| silent(instance, ProbeEnd::Failed, &why, now))
        })
        .collect();
    Ok(Reply {
        data: ReplyData::ProbeOutputs(rows),
        gaps,
    })
}

/// Runs the probe several times over on those that answer.
pub(super) async fn samples(
    caller: &Caller<'_>,
    instances: &[String],
    (samples, gap_s): (u32, u32),
) -> Result<Reply, Fault> {
    let document = caller.clients().probe_document().map(str::to_owned);
    let mut hosts = instances.to_vec();
    let mut rows: Vec<ProbeOutput> = Vec::new();
    let mut gaps = Vec::new();
    for nth in 0..samples.max(1) {
        if nth > 0 {
            caller.host().sleep(Duration::from_secs(gap_s.into())).await;
        }
        let reply = probe(caller, &hosts, document.as_deref()).await?;
        gaps.extend(reply.gaps);
        let ReplyData::ProbeOutputs(outputs) = reply.data else {
            break;
        };
        // Who did not answer once will not say more the next time.
        hosts = outputs
            .iter()
            .filter(|output| output.end == ProbeEnd::Done)
            .map(|output| output.instance_id.clone())
            .collect();
        rows.extend(outputs);
        if hosts.is_empty() {
            break;
        }
    }
    Ok(Reply {
        data: ReplyData::ProbeOutputs(rows),
        gaps,
    })
}

/// When Systems Manager heard of a host that is not online.
fn last_heard(host: &ManagedHost) -> String {
    match host.last_ping_at {
        Some(at) => format!("last heard of at {}", at.strftime("%Y-%m-%d %H:%M UTC")),
        None => "never heard of".to_owned(),
    }
}

/// A host that printed nothing.
fn silent(instance: &str, end: ProbeEnd, detail: &str, at: Timestamp) -> ProbeOutput {
    ProbeOutput {
        instance_id: instance.to_owned(),
        end,
        stdout: String::new(),
        detail: detail.to_owned(),
        truncated: false,
        at,
    }
}

/// What a command brought.
#[derive(Default)]
struct Answer {
    outputs: Outputs,
    gaps: Vec<Fault>,
}

struct Asked<'a> {
    caller: &'a Caller<'a>,
    document: Option<&'a str>,
    deadline: Timestamp,
}

impl Asked<'_> {
    /// Asks up to fifty hosts with one command. One id that SSM does not take fails the whole
    /// call without saying which, so the hosts are then asked in halves.
    fn ask(&self, mut hosts: Vec<String>) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            match self.send(&hosts).await {
                Ok(command) => self.collect(&command, &hosts).await,
                Err(fault) if fault.code.as_deref() == Some("InvalidInstanceId") => {
                    if let [host] = hosts.as_slice() {
                        let now = self.caller.host().now();
                        let row = silent(host, ProbeEnd::Offline, &fault.message, now);
                        return Answer {
                            outputs: Outputs::from([(host.clone(), row)]),
                            gaps: Vec::new(),
                        };
                    }
                    let second = hosts.split_off(hosts.len() / 2);
                    let (mut first, second) = join(self.ask(hosts), self.ask(second)).await;
                    first.outputs.extend(second.outputs);
                    first.gaps.extend(second.gaps);
                    first
                }
                Err(fault) => Answer {
                    outputs: Outputs::new(),
                    gaps: vec![fault],
                },
            }
        })
    }

    async fn send(&self, hosts: &[String]) -> Result<String, Fault> {
        let call = self
            .caller
            .ssm()
            .send_command()
            .set_instance_ids(Some(hosts.to_vec()))
            .document_name(self.document.unwrap_or(SSM_DOCUMENT))
            .set_parameters(self.document.is_none().then(parameters))
            .comment("GPU probe")
            .timeout_seconds(SSM_DELIVERY_TIMEOUT_S.cast_signed())
            // Unasked, the first host that fails keeps the command from all that come after it.
            .max_errors("100%")
            .max_concurrency("100%");
        let sent = self.in_time(SEND, self.caller.call(SEND, call.send())).await?;
        sent.command()
            .and_then(|command| command.command_id())
            .map(str::to_owned)
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::Other,
                    SEND.service,
                    SEND.name,
                    "the answer names no command",
                )
            })
    }

    /// Looks after a command until every host has ended or time is up. Without a single look that
    /// succeeded nothing is known of any host, and there are no rows.
    async fn collect(&self, command: &str, hosts: &[String]) -> Answer {
        let host = self.caller.host();
        let mut answer = Answer::default();
        let mut wait = FIRST_WAIT;
        let mut looked = false;
        while let Some(left) = self.left() {
            host.sleep(wait.min(left)).await;
            wait = (wait * 3 / 2).min(LONGEST_WAIT);
            match self.in_time(LIST, self.ended(command, &answer.outputs)).await {
                Ok((outputs, gap)) => {
                    looked = true;
                    if !outputs.is_empty() {
                        let rows = outputs.values().cloned().collect();
                        self.caller.tell(ReplyData::ProbeOutputs(rows));
                    }
                    answer.outputs.extend(outputs);
                    answer.gaps = gap.into_iter().collect();
                }
                // Just sent, a command may not be known everywhere yet.
                Err(fault) if fault.kind == FaultKind::NotFound || is_unknown(&fault) => {}
                // Cut off by our own deadline; whether AWS is slow was seen before.
                Err(_) if self.left().is_none() => {}
                // What passes is tried again until time is up; what does not would fail again.
                Err(fault) if fault.is_transient() => answer.gaps = vec![fault],
                Err(fault) => {
                    answer.gaps = vec![fault];
                    break;
                }
            }
            if hosts.iter().all(|host| answer.outputs.contains_key(host)) {
                return answer;
            }
        }
        self.call_off(command).await;
        if !looked && answer.gaps.is_empty() {
            answer.gaps.push(Fault::timeout(LIST.service, LIST.name));
        }
        if looked {
            for instance in hosts {
                let late = || silent(instance, ProbeEnd::TimedOut, "no answer in time", host.now());
                answer.outputs.entry(instance.clone()).or_insert_with(late);
            }
        }
        answer
    }

    /// How long hosts are still waited for; `None` once time is up.
    fn left(&self) -> Option<Duration> {
        let left = self.deadline.duration_since(self.caller.host().now());
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    /// What the hosts that have ended printed, whole where the listing cut it.
    async fn ended(&self, command: &str, known: &Outputs) -> Result<(Outputs, Option<Fault>), Fault> {
        let listed = pages(|token| {
            let call = self
                .caller
                .ssm()
                .list_command_invocations()
                .command_id(command)
                .details(true)
                .max_results(50)
                .set_next_token(token);
            async move {
                let page = self.caller.call(LIST, call.send()).await?;
                Ok(Page {
                    items: page.command_invocations.unwrap_or_default(),
                    next: page.next_token,
                })
            }
        })
        .await?;
        let now = self.caller.host().now();
        let ended: Vec<CommandInvocation> = listed.items.into_iter().filter(convert::has_ended).collect();
        let outputs = ended
            .iter()
            .filter_map(|invocation| convert::output_from_sdk(invocation, now))
            .filter(|output| !known.contains_key(&output.instance_id));
        let whole = each(outputs, |output| self.whole(command, output)).await;
        let outputs = whole
            .into_iter()
            .map(|output| (output.instance_id.clone(), output))
            .collect();
        Ok((outputs, listed.gap))
    }

    /// An output that was cut, as far as a call for it alone gives it; as it was if that fails.
    async fn whole(&self, command: &str, output: ProbeOutput) -> ProbeOutput {
        if !output.truncated {
            return output;
        }
        let call = self
            .caller
            .ssm()
            .get_command_invocation()
            .command_id(command)
            .instance_id(&output.instance_id);
        match self.caller.call(GET, call.send()).await {
            Ok(whole) => convert::with_whole_output(output, &whole),
            Err(_) => output,
        }
    }

    /// Takes a command back from hosts that have not begun it, and ends it on those that have.
    /// Failing to is no loss: it ends by its own deadlines.
    async fn call_off(&self, command: &str) {
        let call = self.caller.ssm().cancel_command().command_id(command);
        let calling_off = pin!(self.caller.call(CANCEL, call.send()));
        let patience = self.caller.host().sleep(CALLING_OFF);
        if let Either::Left((Err(fault), _)) = select(calling_off, patience).await {
            tracing::debug!(%fault, command, "the probe was not called off");
        }
    }

    /// Awaits a call for as long as hosts are waited for.
    async fn in_time<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let deadline = self.caller.host().sleep(self.left().unwrap_or_default());
        match select(pin!(call), deadline).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(Fault::timeout(operation.service, operation.name)),
        }
    }
}

/// Whether SSM does not know the command.
fn is_unknown(fault: &Fault) -> bool {
    matches!(
        fault.code.as_deref(),
        Some("InvalidCommandId" | "InvocationDoesNotExist")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let probe = crate::domain::ops::ssm::Read::GpuProbe {
            instances: Vec::new(),
            document: None,
        };
        assert_eq!(probe.operations(), [super::super::HOSTS, SEND, LIST, GET, CANCEL]);
    }
}
