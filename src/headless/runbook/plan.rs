//! `qd runbook plan`: what a run would do. Reads only.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::headless::Exit;
use crate::headless::out::{Page, Report};
use crate::headless::runbook::desk::{Bench, Signals};
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::keyboard::Keyboard;
use crate::headless::runbook::prepare::{Order, prepare};
use crate::headless::runbook::teller;
use crate::runbook::plan::{Plan, PlanError};
use crate::runbook::tell::{self, Clock, Line, Role};

/// What is wanted of a plan.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it is written.
    pub out: Option<PathBuf>,
    /// Whether changes that are pending are an exit code of their own.
    pub detailed_exitcode: bool,
}

/// A plan as it is printed.
pub struct Shown<'a> {
    plan: &'a Plan,
    clock: Clock,
}

impl<'a> Shown<'a> {
    /// With times in a zone.
    pub const fn new(plan: &'a Plan, clock: Clock) -> Self {
        Self { plan, clock }
    }
}

impl serde::Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.plan.serialize(serializer)
    }
}

impl Report for Shown<'_> {
    fn text(&self, page: &Page) -> String {
        teller::text(tell::plan(self.plan, &self.clock), page.paint, page.width)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        Ok(vec![serde_json::to_value(self.plan)?])
    }
}

/// Plans, prints, and writes the plan to a file if that is wanted.
pub async fn run(bench: &Bench, order: Order, wanted: &Wanted) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let mut keyboard = Keyboard::new();
    let prepared = signals.unless(prepare(bench, order, &mut keyboard)).await?;
    let place = &bench.place;
    let plan = &prepared.plan;
    if let Some(path) = &wanted.out {
        write(path, plan)?;
    }
    place.out.report(&Shown::new(plan, place.clock()))?;
    if let Some(path) = &wanted.out
        && !plan.is_empty()
    {
        let path = path.to_string_lossy();
        let file = tell::Commands::of([path.as_ref()]).program;
        place
            .teller
            .say([Line::of(Role::Plain, "to carry it out: ").hanging().with(
                Role::Key,
                format!(
                    "{} runbook run --plan {file} --approve {}",
                    place.commands.program, plan.digest
                ),
            )]);
    }
    Ok(if wanted.detailed_exitcode && !plan.is_empty() {
        Exit::ChangesPending
    } else {
        Exit::Done
    })
}

/// Writes a plan so that nobody else can read it, whole or not at all.
fn write(path: &Path, plan: &Plan) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |error: std::io::Error| {
        Failure::usage(format!(
            "the plan cannot be written to {}: {error}",
            path.display()
        ))
    };
    // What is no file, such as /dev/stdout, cannot be replaced.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return std::fs::write(path, plan.to_text()).map_err(failed);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(plan.to_text().as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // It may not have come into being.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(failed)
}

/// Reads a plan file; `-` is standard input.
pub fn read(path: &Path) -> Result<Plan, Failure> {
    use std::io::Read;
    /// More than any plan of a hundred thousand targets.
    const MOST: u64 = 256 << 20;
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MOST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Plan::from_text(&text).map_err(|error| {
        let exit = match error {
            PlanError::Unreadable(_) | PlanError::Schema(_) => Exit::Usage,
            PlanError::Changed => Exit::Drift,
        };
        Failure::new(exit, format!("{}: {error}", path.display()))
    })
}
