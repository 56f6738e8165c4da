//! The console in a real terminal, on the demo: what it shows, what keys do, how it leaves.

use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::qd::{BINARY, Qd, qd};
use crate::support::screen::Screen;

fn demo() -> Qd {
    qd().args(["--demo", "invokeai", "--scenario", "bad-deploy"])
}

/// A console whose first data is there.
fn started(qd: &Qd) -> Screen {
    let screen = qd.screen(80, 24);
    screen.wait_for_text("DEMO invokeai");
    screen.wait_for_text("CRIT ecs");
    screen
}

fn signal(screen: &Screen, signal: Signal) {
    let id = i32::try_from(screen.process_id()).expect("a process id");
    kill_process(Pid::from_raw(id).expect("a process id"), signal).expect("our own child can be signalled");
}

/// What a shell finds after the program: its own screen, a cursor, keys as they were.
#[track_caller]
fn assert_restored(screen: &Screen) {
    assert_given_back(screen);
    // A shell at its prompt wants pastes marked for itself; after the program alone, nobody does.
    assert!(
        !screen.look(vt100::Screen::bracketed_paste),
        "pastes come as they are"
    );
}

/// The same, of a terminal in which a shell goes on.
#[track_caller]
fn assert_given_back(screen: &Screen) {
    screen.look(|seen| {
        assert!(!seen.alternate_screen(), "the alternate screen is left");
        assert!(!seen.hide_cursor(), "the cursor is shown");
        assert_eq!(seen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!seen.application_cursor() && !seen.application_keypad());
    });
}

#[test]
fn the_first_frame_keys_and_the_way_out() {
    let mut screen = started(&demo());
    screen.look(|seen| {
        assert!(seen.alternate_screen());
        assert!(seen.hide_cursor());
    });
    screen.send_keys("2");
    screen.wait_for_text("ECS services");
    screen.send_keys("\r");
    screen.wait_for_text("circuit breaker");
    screen.send_keys("\x1b");
    screen.wait_until("the services again", |seen| {
        !seen.contents().contains("circuit breaker")
    });
    screen.send_keys(":spend\r");
    screen.wait_for_text("BUDGET");
    screen.send_keys("-");
    screen.wait_for_text("ECS services");
    screen.send_keys("?");
    screen.wait_for_text("keys and commands");
    screen.send_keys("\x1bq");
    screen.wait_for_text("changed in the last 2 h");
    screen.send_keys("q");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
    assert_restored(&screen);
}

#[test]
fn another_size_is_drawn_at_once() {
    let mut screen = started(&demo());
    screen.resize(120, 40);
    screen.wait_until("the right end of the wider screen", |seen| {
        seen.rows(0, 120).any(|row| row.chars().count() == 120)
    });
    screen.wait_until("the last line of the higher screen", |seen| {
        seen.rows(0, 120).nth(39).is_some_and(|row| row.contains("help"))
    });
    screen.resize(60, 20);
    screen.wait_for_text("quarterdeck needs 80x24");
    screen.resize(80, 24);
    screen.wait_for_text("changed in the last 2 h");
    screen.send_keys("q");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
}

#[test]
fn a_key_in_the_moment_of_a_change_of_size_is_taken() {
    let mut screen = started(&demo());
    // One of forty would be left unread if key and size came out of one look at the terminal.
    for turn in 0..60 {
        for (columns, rows, key, shown) in
            [(100, 30, "2", "ECS services"), (80, 24, "8", "CloudWatch alarms")]
        {
            if turn % 2 == 0 {
                screen.resize(columns, rows);
                screen.send_keys(key);
            } else {
                screen.send_keys(key);
                screen.resize(columns, rows);
            }
            screen.wait_until("the pane in the new size", |seen| {
                let last = seen.rows(0, columns).nth(usize::from(rows) - 1);
                seen.contents().contains(shown) && last.is_some_and(|row| row.contains("help"))
            });
        }
    }
    screen.send_keys("q");
    screen.wait_for_text("changed in the last 2 h");
    screen.send_keys("q");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
}

#[test]
fn signals_that_end_it_leave_the_terminal_whole() {
    for (sent, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        // From the first frame on, when nothing else has begun yet.
        let mut screen = demo().screen(80, 24);
        screen.wait_for_text("DEMO invokeai");
        signal(&screen, sent);
        assert_eq!(screen.wait_for_end().exit_code(), code, "{sent:?}");
        assert_restored(&screen);
    }
}

#[test]
fn ctrl_c_leaves_when_nothing_is_asked() {
    let mut screen = started(&demo());
    screen.send_keys("/");
    screen.wait_until("a line to type in", |seen| {
        !seen.hide_cursor() || seen.contents().contains("filter")
    });
    screen.send_keys("zzz");
    screen.wait_for_text("zzz");
    screen.send_keys("\x03");
    screen.wait_until("the filter given up", |seen| !seen.contents().contains("zzz"));
    screen.send_keys("\x03");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
    assert_restored(&screen);
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "--noprofile", "-i"]);
    command.env_clear();
    for (name, value) in [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TERM", "xterm-256color"),
        ("PS1", "shell> "),
    ] {
        command.env(name, value);
    }
    command.env("HOME", home.path());
    let mut shell = Screen::spawn(command, 80, 24);
    shell.wait_for_text("shell>");
    shell.send_keys(&format!(
        "'{BINARY}' --demo invokeai --state-dir state; echo left with $?\r"
    ));
    shell.wait_for_text("DEMO invokeai");
    shell.send_keys("2");
    shell.wait_for_text("ECS services");
    shell.send_keys("\x1a");
    shell.wait_for_text("Stopped");
    assert_given_back(&shell);
    shell.send_keys("stty -a | tr ';' '\\n' | grep -o -e '-*icanon' -e '-*echo '\r");
    shell.wait_until("a terminal for lines", |seen| {
        let lines: Vec<String> = seen.rows(0, 80).collect();
        lines.iter().any(|line| line.trim() == "icanon") && lines.iter().any(|line| line.trim() == "echo")
    });
    shell.send_keys("fg\r");
    shell.wait_until("the console again", |seen| {
        seen.alternate_screen() && seen.contents().contains("ECS services")
    });
    shell.send_keys("0");
    shell.wait_for_text("changed in the last 2 h");
    shell.send_keys("q");
    shell.wait_until("the shell again", |seen| !seen.alternate_screen());
    assert_given_back(&shell);
}

#[test]
fn no_color_means_no_colour() {
    let coloured = started(&demo().env("NO_COLOR", ""));
    assert!(colours(&coloured.bytes()) > 0, "an empty NO_COLOR says nothing");
    let mut plain = started(&demo().env("NO_COLOR", "1"));
    plain.send_keys("3");
    plain.wait_for_text("GPU cards");
    assert_eq!(colours(&plain.bytes()), 0);
    let mut never = started(&demo().args(["--color", "never"]));
    never.send_keys("4");
    never.wait_for_text("RDS");
    assert_eq!(colours(&never.bytes()), 0);
}

/// How many times a colour was set; bold and the like are none, nor is going back to the default.
fn colours(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    text.split("\x1b[")
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|character: char| !character.is_ascii_digit() && character != ';')?;
            rest[end..].starts_with('m').then(|| &rest[..end])
        })
        .flat_map(|parameters| parameters.split(';').map(str::parse::<u16>))
        .filter(|code| matches!(code, Ok(30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)))
        .count()
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut screen = started(&demo());
    screen.send_keys("p");
    screen.wait_for_text("PAUSED");
    let bytes = screen.wait_for_silence(Duration::from_secs(3));
    assert_eq!(bytes, screen.bytes_received());
    screen.send_keys("p");
    screen.wait_until("the view going on", |seen| !seen.contents().contains("PAUSED"));
}

#[test]
fn pasted_keys_are_no_keys() {
    let mut screen = started(&demo());
    screen.send_keys("\x1b[200~q2qqq\x1b[201~");
    screen.send_keys("8");
    screen.wait_for_text("CloudWatch alarms");
}
