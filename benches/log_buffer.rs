//! A million log lines of 150 bytes: memory, rate of taking in, time of expressions over all of
//! them, beside their budgets. `cargo bench --bench log_buffer`.

use std::time::Instant;

use quarterdeck::app::logs::buffer::{Buffer, CAP};
use quarterdeck::app::logs::job::{Job, Task, Test};
use quarterdeck::app::logs::pattern::Pattern;
use quarterdeck::console::logs::find;
use quarterdeck::domain::logs::{LogEvent, TailLine};

const LINES: usize = 1_000_000;
const MIB: f64 = 1024.0 * 1024.0;

fn line(nth: usize) -> TailLine {
    let level = if nth % 100 == 17 { "ERROR" } else { "INFO" };
    let mut message = format!(
        "2026-11-21 02:51:07.123  {level} 1 --- [nio-8080-exec-{}] c.e.orders.OrderController : 주문 처리 완료 order={nth} ms={}",
        nth % 200,
        nth * 7 % 900
    );
    let pad = 150_usize.saturating_sub(message.len());
    message.extend(std::iter::repeat_n('x', pad));
    // Every fifth line is a little late, as those of batching agents are.
    let at_ms = 1_800_000_000_000 + nth as i64 - if nth.is_multiple_of(5) { 900 } else { 0 };
    TailLine {
        group: (nth % 4) as u16,
        event: LogEvent {
            id: format!("{nth:056}"),
            stream: format!("api/api/{:032x}", nth % 40),
            at_ms,
            ingested_ms: at_ms + 1_000,
            message,
        },
    }
}

/// Resident memory of this process, bytes; `None` where the system does not tell.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024.0)
}

fn main() {
    let before = resident();
    let mut buffer = Buffer::default();
    let mut taking = std::time::Duration::ZERO;
    for nth in 0..LINES {
        let line = line(nth);
        let start = Instant::now();
        buffer.push(&line);
        taking += start.elapsed();
    }
    println!(
        "taken in         {:>9.0} lines/s                 (10,000 lines/s arrive in the budget)",
        LINES as f64 / taking.as_secs_f64()
    );
    println!(
        "kept             {:>9} lines, {} dropped        (budget: 1,000,000 and none)",
        buffer.len(),
        buffer.dropped()
    );
    println!(
        "counted memory   {:>9.1} MiB                     (budget: {:.0} MiB)",
        buffer.bytes() as f64 / MIB,
        CAP as f64 / MIB
    );
    if let (Some(before), Some(after)) = (before, resident()) {
        println!(
            "resident memory  {:>9.1} MiB                     (budget: {:.0} MiB)",
            (after - before) / MIB,
            CAP as f64 / MIB
        );
    }
    for text in [
        "OrderController.*ms=8\\d\\d",
        "Order=99999",
        "order=99999",
        "주문.*완료",
        "zzz",
        "(a|b)\\d+.*ms=1$",
    ] {
        let job = Job {
            tail: 1,
            epoch: 1,
            task: Task::Search,
            test: Test {
                include: vec![Pattern::new(text).expect("the expression is right")],
                exclude: Vec::new(),
            },
            snapshot: buffer.snapshot(),
        };
        let start = Instant::now();
        let mut portions = 0;
        find(&job, |_| {
            portions += 1;
            true
        });
        println!(
            "regex            {:>9.0} ms  {text:<24} (budget: 250 ms; {portions} messages)",
            start.elapsed().as_secs_f64() * 1_000.0
        );
    }
    let start = Instant::now();
    let snapshot = buffer.snapshot();
    println!(
        "snapshot         {:>9.3} ms  {} segments             (on the drawing thread)",
        start.elapsed().as_secs_f64() * 1_000.0,
        snapshot.segments.len()
    );
}
