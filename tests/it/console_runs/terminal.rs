//! The whole way in a real terminal, on the demo: from `x` to a run that ended.

use std::time::Duration;

use crate::support::qd::{Qd, qd};
use crate::support::screen::Screen;

fn demo() -> Qd {
    qd().args(["--demo", "codemate", "--scenario", "quiet", "--speed", "8"])
}

/// A console in front of the frontend: the backend is deployed anew soon after the demo began.
fn at_the_service(qd: &Qd) -> Screen {
    let mut screen = qd.screen(100, 30);
    screen.wait_for_text("DEMO codemate");
    screen.send_keys("2");
    screen.wait_for_text("codemate-frontend-service");
    screen.send_keys("/frontend-service\r");
    screen.wait_until("one service", |seen| {
        !seen.contents().contains("codemate-frontend-service-dev")
    });
    // Paused, nothing is drawn but what keys and the run lead to.
    screen.send_keys("p");
    screen.wait_for_text("PAUSED");
    screen
}

/// Its plan of a restart.
fn planned(screen: &mut Screen) {
    // The runbooks may still be read.
    screen.send_keys("x");
    screen.wait_for_text("ecs-restart");
    screen.send_keys("\r");
    screen.wait_for_text("ecs-restart: 1 change on");
    on_screen(screen);
}

/// Until the whole frame is there: what is typed before is discarded.
fn on_screen(screen: &Screen) {
    screen.wait_for_silence(Duration::from_millis(400));
}

#[test]
fn from_x_to_a_run_that_succeeded() {
    // Its home is gone with it.
    let qd = demo();
    let mut screen = at_the_service(&qd);
    planned(&mut screen);
    screen.send_keys("\r");
    screen.wait_for_text("type apply to carry");
    on_screen(&screen);
    // Pasted, it is nothing; nor is Enter.
    screen.send_keys("\x1b[200~apply\x1b[201~");
    screen.wait_for_text("typed, not pasted");
    screen.send_keys("\r");
    screen.wait_for_text("Enter alone does nothing");
    // Where the terminal marks no paste, it comes as keys, all at once.
    screen.send_keys("apply\r");
    screen.wait_for_text("typed, not pasted");
    screen.resize(80, 24);
    screen.wait_until("the box in the smaller terminal", |seen| {
        seen.contents().contains("type apply to carry")
            && seen.rows(0, 80).nth(23).is_some_and(|row| row.starts_with('╰'))
    });
    on_screen(&screen);
    // What will be done is seen beside the box, also there, and more of it by scrolling.
    let shown = screen.contents();
    assert!(
        shown.contains("~ ecs-service codemate-frontend-service"),
        "{shown}"
    );
    screen.send_keys("\x1b[B\x1b[B\x1b[B\x1b[B");
    screen.wait_until("further lines", |seen| {
        let text = seen.contents();
        text.contains("type apply to carry") && text != shown
    });
    screen.send_keys("apply");
    screen.wait_for_text("> apply");
    on_screen(&screen);
    screen.send_keys("\r");
    screen.wait_for_text("1 run live");
    screen.wait_for_text("SUCCEEDED");
    screen.send_keys("9");
    screen.wait_until("the history", |seen| {
        let text = seen.contents();
        text.contains("history 1") && text.contains("succeeded")
    });
    screen.send_keys("0");
    screen.wait_for_text("changed in the last 2 h");
    screen.send_keys("q");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
}

#[test]
fn what_is_typed_ahead_confirms_nothing() {
    // Its home is gone with it.
    let qd = demo();
    let mut screen = at_the_service(&qd);
    screen.send_keys("x");
    screen.wait_for_text("ecs-restart");
    // All at once, before any plan is there.
    screen.send_keys("\r\rapply\r");
    screen.wait_for_text("ecs-restart: 1 change on");
    on_screen(&screen);
    let shown = screen.contents();
    assert!(!shown.contains("run live"), "{shown}");
    screen.send_keys("\r");
    screen.wait_for_text("type apply to carry");
    on_screen(&screen);
    assert!(!screen.contents().contains("> apply"));
    screen.send_keys("\x03");
    screen.wait_until("the box closed", |seen| {
        !seen.contents().contains("type apply to carry")
    });
    screen.send_keys("\x03");
    screen.wait_until("given up", |seen| !seen.contents().contains("1 change on"));
    screen.send_keys("0");
    screen.wait_for_text("changed in the last 2 h");
    screen.send_keys("q");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
}
