//! The GPU probe: every host gets its row, whatever becomes of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::gpu::probe::probe_line;
use quarterdeck::domain::ops::{Query, Reply, ReplyData, ssm};
use quarterdeck::domain::ssm::{ProbeEnd, ProbeOutput};
use serde_json::{Value, json};

use super::fixture::Fixture;
use super::server::{Answer, Request, Server};

/// What Systems Manager says of hosts by the start of their names: `lost-…` has a silent agent,
/// `gone-…` went away since it was listed, `stray-…` never registered.
fn answer(request: &Request, invocation: &dyn Fn(&str) -> Value) -> Answer {
    let body = request.json();
    let names = |value: &Value| -> Vec<String> {
        let list = value.as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    match request.operation().as_str() {
        "DescribeInstanceInformation" => {
            let asked = names(&body["Filters"][0]["Values"]);
            assert!(asked.len() <= 50);
            let hosts: Vec<Value> = asked
                .iter()
                .filter(|id| !id.starts_with("stray"))
                .map(|id| {
                    let ping = if id.starts_with("lost") {
                        "ConnectionLost"
                    } else {
                        "Online"
                    };
                    json!({"InstanceId": id, "PingStatus": ping})
                })
                .collect();
            Answer::json(&json!({ "InstanceInformationList": hosts }))
        }
        "SendCommand" => {
            let ids = names(&body["InstanceIds"]);
            assert!(ids.len() <= 50);
            if ids.iter().any(|id| id.starts_with("gone")) {
                return Answer::json_error("InvalidInstanceId", "an instance is not in a valid state");
            }
            // The command's id holds its hosts: the server keeps nothing.
            Answer::json(&json!({"Command": {"CommandId": ids.join("+")}}))
        }
        "ListCommandInvocations" => {
            let command = body["CommandId"].as_str().unwrap_or_default();
            let all: Vec<Value> = command.split('+').map(invocation).collect();
            Answer::json(&json!({ "CommandInvocations": all }))
        }
        "CancelCommand" => Answer::json(&json!({})),
        _ => Answer::page(500),
    }
}

fn done(id: &str) -> Value {
    json!({"InstanceId": id, "Status": "Success", "StatusDetails": "Success",
           "CommandPlugins": [{"Output": format!("0, GPU-{id}\n#end\n")}]})
}

fn under_way(id: &str) -> Value {
    json!({"InstanceId": id, "Status": "InProgress", "StatusDetails": "InProgress"})
}

async fn ask(fixture: &Fixture, hosts: &[&str], document: Option<&str>) -> Result<Reply, Fault> {
    fixture
        .ask(Query::Ssm(ssm::Read::GpuProbe {
            instances: hosts.iter().map(|id| (*id).to_owned()).collect(),
            document: document.map(str::to_owned),
        }))
        .await
}

async fn probe(fixture: &Fixture, hosts: &[&str]) -> (Vec<ProbeOutput>, Vec<Fault>) {
    let Reply { data, gaps } = ask(fixture, hosts, None).await.expect("it is answered");
    let ReplyData::ProbeOutputs(outputs) = data else {
        panic!("not outputs");
    };
    (outputs, gaps)
}

fn ends(outputs: &[ProbeOutput]) -> Vec<(&str, ProbeEnd)> {
    outputs
        .iter()
        .map(|output| (output.instance_id.as_str(), output.end))
        .collect()
}

#[tokio::test]
async fn every_host_has_a_row_and_only_those_online_get_a_command() {
    let server = Server::start(|request| answer(request, &done));
    let fixture = Fixture::new(&server);
    let (outputs, gaps) = probe(&fixture, &["lost-1", "i-1", "stray-1", "i-2"]).await;
    assert_eq!(gaps, []);
    assert_eq!(
        ends(&outputs),
        [
            ("lost-1", ProbeEnd::Offline),
            ("i-1", ProbeEnd::Done),
            ("stray-1", ProbeEnd::NotManaged),
            ("i-2", ProbeEnd::Done),
        ]
    );
    assert_eq!(outputs[1].stdout, "0, GPU-i-1\n#end\n");
    let sent = server.requests("SendCommand");
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].json(),
        json!({
            "InstanceIds": ["i-1", "i-2"],
            "DocumentName": "AWS-RunShellScript",
            "Parameters": {"commands": [probe_line()], "executionTimeout": ["15"]},
            "Comment": "GPU probe",
            "TimeoutSeconds": 30,
            "MaxConcurrency": "100%",
            "MaxErrors": "100%"
        })
    );
    assert_eq!(server.count("CancelCommand"), 0);
}

#[tokio::test]
async fn fifty_hosts_share_a_command() {
    let server = Server::start(|request| answer(request, &done));
    let fixture = Fixture::new(&server);
    let hosts: Vec<String> = (0..101).map(|n| format!("i-{n:03}")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (outputs, gaps) = probe(&fixture, &hosts).await;
    assert_eq!(gaps, []);
    assert_eq!(outputs.len(), 101);
    assert!(outputs.iter().all(|output| output.end == ProbeEnd::Done));
    assert_eq!(server.count("DescribeInstanceInformation"), 3);
    assert_eq!(server.count("SendCommand"), 3);
}

#[tokio::test]
async fn one_host_that_ssm_refuses_costs_the_others_nothing() {
    let server = Server::start(|request| answer(request, &done));
    let fixture = Fixture::new(&server);
    let (outputs, gaps) = probe(&fixture, &["i-1", "i-2", "gone-1", "i-3"]).await;
    assert_eq!(gaps, []);
    assert_eq!(
        ends(&outputs),
        [
            ("i-1", ProbeEnd::Done),
            ("i-2", ProbeEnd::Done),
            ("gone-1", ProbeEnd::Offline),
            ("i-3", ProbeEnd::Done),
        ]
    );
    assert!(outputs[2].detail.contains("valid state"), "{:?}", outputs[2]);
}

#[tokio::test]
async fn hosts_are_asked_about_until_they_have_answered() {
    let looks = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.operation() == "ListCommandInvocations" {
            match looks.fetch_add(1, Ordering::SeqCst) {
                // Not known everywhere yet, then overloaded, then not done, then done.
                0 => return Answer::json_error("InvalidCommandId", ""),
                1 => return Answer::json_error("InternalServerError", ""),
                2 => return answer(request, &under_way),
                _ => {}
            }
        }
        answer(request, &done)
    });
    let fixture = Fixture::new(&server);
    let (outputs, gaps) = probe(&fixture, &["i-1"]).await;
    assert_eq!(ends(&outputs), [("i-1", ProbeEnd::Done)]);
    assert_eq!(gaps, []);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_late_and_the_command_is_called_off() {
    let server = Server::start(|request| {
        answer(request, &|id| {
            if id == "slow-1" { under_way(id) } else { done(id) }
        })
    });
    let fixture = Fixture::new(&server);
    let (outputs, gaps) = probe(&fixture, &["slow-1", "i-1"]).await;
    assert_eq!(gaps, []);
    assert_eq!(
        ends(&outputs),
        [("slow-1", ProbeEnd::TimedOut), ("i-1", ProbeEnd::Done)]
    );
    assert_eq!(server.count("CancelCommand"), 1);
}

#[tokio::test]
async fn hosts_that_answered_are_told_of_before_the_late_ones() {
    let server = Server::start(|request| {
        answer(request, &|id| {
            if id == "slow-1" { under_way(id) } else { done(id) }
        })
    });
    let fixture = Fixture::new(&server);
    let told: Mutex<Vec<Vec<(String, ProbeEnd)>>> = Mutex::default();
    let part = |reply: Reply| {
        let ReplyData::ProbeOutputs(outputs) = reply.data else {
            panic!("not outputs");
        };
        let rows = ends(&outputs).into_iter().map(|(id, end)| (id.to_owned(), end));
        told.lock().unwrap().push(rows.collect());
    };
    let query = Query::Ssm(ssm::Read::GpuProbe {
        instances: ["slow-1", "i-1", "lost-1"].map(str::to_owned).to_vec(),
        document: None,
    });
    let Reply { data, .. } = fixture.ask_in_parts(query, &part).await.unwrap();
    let ReplyData::ProbeOutputs(outputs) = data else {
        panic!("not outputs");
    };
    assert_eq!(outputs.len(), 3, "the answer is whole all the same");
    let row = |id: &str, end| vec![(id.to_owned(), end)];
    assert_eq!(
        *told.lock().unwrap(),
        [row("lost-1", ProbeEnd::Offline), row("i-1", ProbeEnd::Done)]
    );
}

#[tokio::test]
async fn output_that_was_cut_is_asked_for_whole_and_once() {
    let whole = format!("{}\n#end\n", "x".repeat(4_000));
    let server = Server::start(move |request| {
        if request.operation() == "GetCommandInvocation" {
            return Answer::json(&json!({
                "StandardOutputContent": whole, "StandardErrorContent": "", "Status": "Success"}));
        }
        answer(request, &|id| {
            json!({"InstanceId": id, "Status": "Success",
                   "CommandPlugins": [{"Output": "x".repeat(2_500)}]})
        })
    });
    let fixture = Fixture::new(&server);
    let (outputs, _) = probe(&fixture, &["i-1"]).await;
    assert_eq!(outputs[0].stdout.len(), 4_006);
    assert!(!outputs[0].truncated);
    assert_eq!(server.count("GetCommandInvocation"), 1);
}

#[tokio::test]
async fn a_fleet_that_may_not_be_asked_is_a_failure() {
    let server = Server::start(|request| match request.operation().as_str() {
        "SendCommand" => Answer::json_error("AccessDeniedException", "not authorized"),
        _ => answer(request, &done),
    });
    let fixture = Fixture::new(&server);
    let fault = ask(&fixture, &["i-1", "i-2"], None).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::AccessDenied);
    assert_eq!(fault.operation, "SendCommand");
}

#[tokio::test]
async fn an_endpoint_that_never_tells_is_a_failure_and_no_silent_fleet() {
    let server = Server::start(|request| match request.operation().as_str() {
        "ListCommandInvocations" => Answer::json_error("ThrottlingException", "Rate exceeded"),
        _ => answer(request, &done),
    });
    let fixture = Fixture::new(&server);
    let fault = ask(&fixture, &["i-1"], None).await.unwrap_err();
    assert!(fault.is_transient(), "{fault}");
    assert_eq!(server.count("CancelCommand"), 1);
}

#[tokio::test]
async fn an_estates_own_document_is_run_as_it_is_and_no_other() {
    let server = Server::start(|request| answer(request, &done));
    let fixture = Fixture::new(&server);
    // The guard stands in a read-only console too.
    fixture.read_only.turn_on();
    ask(&fixture, &["i-1"], Some("estate-probe")).await.unwrap();
    let sent = server.requests("SendCommand")[0].json();
    assert_eq!(sent["DocumentName"], "estate-probe");
    assert_eq!(sent["Parameters"], Value::Null);

    let fault = ask(&fixture, &["i-1"], Some("AWS-UpdateSSMAgent"))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::ReadOnly);
    assert_eq!(server.count("SendCommand"), 1);
}
