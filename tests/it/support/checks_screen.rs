//! The helpers themselves: processes, terminals and waiting.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::Signal;

use super::qd::{Finished, Qd, qd};
use super::screen::Screen;
use super::wait::{wait_for, wait_until};

fn shell(script: &str) -> Screen {
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", script]);
    command.env_clear();
    command.env("PATH", "/usr/bin:/bin");
    Screen::spawn(command, 40, 10)
}

#[test]
fn a_screen_shows_what_a_person_would_see() {
    let mut screen =
        shell(r"printf 'one\r\n\033[31mtwo\033[0m 한글\033[5;3Hdeep'; read answer; echo got $answer");
    screen.wait_for_text("deep");
    assert_eq!(screen.contents(), "one\ntwo 한글\n\n\n  deep");
    let red = screen.look(|seen| seen.cell(1, 0).map(vt100::Cell::fgcolor));
    assert_eq!(red, Some(vt100::Color::Idx(1)));
    let before = screen.bytes_received();
    screen.send_keys("hello\r");
    screen.wait_for_text("got hello");
    assert!(screen.bytes_received() > before);
    assert!(screen.bytes().ends_with(b"got hello\r\n"));
    assert!(screen.wait_for_end().success());
}

#[test]
fn a_screen_has_the_size_that_it_is_given() {
    let mut screen = shell("stty size; trap 'stty size; exit 3' WINCH; echo ready; while :; do read x; done");
    screen.wait_for_text("10 40");
    screen.wait_for_text("ready");
    screen.resize(80, 24);
    screen.wait_for_text("24 80");
    assert_eq!(screen.wait_for_end().exit_code(), 3);
}

#[test]
fn a_silent_screen_receives_nothing_more() {
    let screen = shell("echo once; read forever");
    screen.wait_for_text("once");
    let bytes = screen.wait_for_silence(Duration::from_millis(50));
    assert_eq!(bytes, screen.bytes_received());
    assert!(screen.process_id() > 1);
}

#[test]
#[should_panic(expected = "it shows\nsomething else")]
fn a_text_that_never_comes_fails_with_the_screen() {
    shell("echo something else").wait_for_text("what was hoped for");
}

#[test]
fn waiting_ends_when_it_is_so() {
    let mut looks = 0;
    wait_until(Duration::from_secs(5), "three looks", || {
        looks += 1;
        looks == 3
    });
    assert_eq!(wait_for(Duration::from_secs(5), "a number", || Some(7)), 7);
}

#[test]
#[should_panic(expected = "in vain for the end of the world")]
fn waiting_in_vain_says_for_what() {
    wait_until(Duration::from_millis(20), "the end of the world", || false);
}

#[test]
fn the_binary_runs_with_an_empty_environment() {
    let finished = Qd::bare().args(["--version"]).run();
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert!(finished.stderr.is_empty(), "{finished:?}");
}

#[test]
fn invocations_of_one_home_see_each_others_files() {
    let first = qd().env("X", "1").env("X", "2");
    let path = first.file("some/where.txt", "text");
    let second = first.clone().args(["--version"]);
    assert_eq!(first.home(), second.home());
    assert_eq!(std::fs::read_to_string(path).expect("it was written"), "text");
    second.run();
}

#[test]
fn the_binary_runs_in_a_terminal_and_can_be_signalled() {
    let mut screen = qd().args(["--version"]).screen(80, 24);
    assert!(screen.wait_for_end().success());
    let running = qd().args(["--version"]).spawn();
    running.signal(Signal::KILL);
    let finished = running.finish();
    // Either was faster.
    let ended = (finished.status.code(), finished.status.signal());
    assert!(
        [(Some(0), None), (None, Some(9))].contains(&ended),
        "{finished:?}"
    );
}

#[test]
#[should_panic(expected = "no JSON")]
fn output_that_is_no_json_fails_with_everything_that_was_printed() {
    let finished = |stdout: &str| Finished {
        status: ExitStatus::default(),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    };
    assert_eq!(finished("[1]").json()[0], 1);
    finished("oops").json();
}
