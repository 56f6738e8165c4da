use aws_sdk_ssm::operation::get_command_invocation::GetCommandInvocationOutput;
use aws_smithy_types::DateTime;
use pretty_assertions::assert_eq;

use super::*;

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn invocation(status: CommandInvocationStatus, details: &str, output: &str) -> types::CommandInvocation {
    types::CommandInvocation::builder()
        .instance_id("i-1")
        .status(status)
        .status_details(details)
        .command_plugins(
            types::CommandPlugin::builder()
                .output(output)
                .response_finish_date_time(DateTime::from_secs(7))
                .build(),
        )
        .build()
}

#[test]
fn pings_that_we_do_not_know_get_no_command() {
    let ping = |status: Option<types::PingStatus>| {
        let sdk = types::InstanceInformation::builder()
            .instance_id("i-1")
            .set_ping_status(status)
            .build();
        host_from_sdk(&sdk).unwrap().ping
    };
    assert_eq!(ping(Some(types::PingStatus::Online)), Ping::Online);
    assert_eq!(
        ping(Some(types::PingStatus::ConnectionLost)),
        Ping::ConnectionLost
    );
    assert_eq!(ping(Some("Dreaming".into())), Ping::Inactive);
    assert_eq!(ping(None), Ping::Inactive);
}

#[test]
fn each_end_of_an_invocation() {
    use CommandInvocationStatus::{Cancelled, Failed, Success, TimedOut};
    let cases = [
        (Success, "Success", "0, GPU", ProbeEnd::Done, ""),
        (
            Failed,
            "Failed",
            "out\n----------ERROR-------\nexit 127",
            ProbeEnd::Failed,
            "exit 127",
        ),
        (Failed, "Access Denied", "", ProbeEnd::Failed, "Access Denied"),
        (Failed, "Undeliverable", "", ProbeEnd::Offline, "Undeliverable"),
        (
            TimedOut,
            "Delivery Timed Out",
            "",
            ProbeEnd::TimedOut,
            "Delivery Timed Out",
        ),
        (Cancelled, "Terminated", "", ProbeEnd::Failed, "Terminated"),
    ];
    for (status, details, output, end, detail) in cases {
        let sdk = invocation(status, details, output);
        assert!(has_ended(&sdk), "{details}");
        let found = output_from_sdk(&sdk, now()).unwrap();
        assert_eq!((found.end, found.detail.as_str()), (end, detail), "{details}");
        assert_eq!(found.at, Timestamp::from_second(7).unwrap());
        assert!(!found.stdout.contains("ERROR"), "{}", found.stdout);
    }
}

#[test]
fn an_invocation_under_way_has_not_ended() {
    use CommandInvocationStatus::{Cancelling, Delayed, InProgress, Pending};
    for status in [Pending, InProgress, Delayed, Cancelling, "Resting".into()] {
        assert!(!has_ended(&invocation(status, "", "")));
    }
}

#[test]
fn output_that_was_cut_is_marked_and_replaced_by_the_whole() {
    let success = |output: &str| {
        let sdk = invocation(CommandInvocationStatus::Success, "Success", output);
        output_from_sdk(&sdk, now()).unwrap()
    };
    assert!(!success(&"x".repeat(2_499)).truncated);
    let cut = success(&"x".repeat(2_500));
    assert!(cut.truncated);
    assert!(success("0, GPU\n---Output truncated---").truncated);
    let whole = |output: String| {
        let answer = GetCommandInvocationOutput::builder()
            .standard_output_content(output)
            .status_details("Success")
            .build();
        with_whole_output(cut.clone(), &answer)
    };
    let full = whole("y".repeat(9_000));
    assert_eq!(full.stdout.len(), 9_000);
    assert!(!full.truncated);
    assert!(whole("y".repeat(24_000)).truncated);
    // While AWS still has nothing to give, what was listed stands.
    assert_eq!(whole(String::new()), cut);
}

#[test]
fn the_step_that_printed_is_the_one_that_counts() {
    let sdk = types::CommandInvocation::builder()
        .instance_id("i-1")
        .status(CommandInvocationStatus::Success)
        .command_plugins(types::CommandPlugin::builder().output("").build())
        .command_plugins(types::CommandPlugin::builder().output("0, GPU").build())
        .build();
    let found = output_from_sdk(&sdk, now()).unwrap();
    assert_eq!(found.stdout, "0, GPU");
    assert_eq!(found.at, now());
}
