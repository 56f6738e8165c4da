//! `qd runbook plan`, `run` and all that comes after: from the command line to a desk, and whatever
//! fails to a document.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{
    ConsentArgs, LockCommand, ParameterArgs, PlanArgs, Relayed, RunArgs, RunbookCommand, TakeUpArgs,
};
use crate::cli::global::Global;
use crate::cli::launch::{Launch, Maker, Usage, estate_zone, run_folder};
use crate::cli::preferences::Preferences;
use crate::config::MOST_BYTES;
use crate::engine::clock::SystemClock;
use crate::engine::runbooks::Runbooks;
use crate::headless::out::complain;
use crate::headless::runbook::desk::{Bench, Desk, Place, block_on};
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::{Failed, Failure};
use crate::headless::runbook::plan::{self, Wanted};
use crate::headless::runbook::prepare::{self, Order, Parameters};
use crate::headless::runbook::resume;
use crate::headless::runbook::run::{self, Consent, How, Process, Work};
use crate::headless::runbook::teller::Teller;
use crate::headless::runbook::{attach, history, lock, logs, status};
use crate::headless::{Exit, Format, Out};
use crate::runbook::catalogue;
use crate::runbook::machine::Via;
use crate::runbook::record::Resume;
use crate::runbook::tell::Commands;

/// What a command is worked out from.
pub struct Line<'a> {
    /// Flags of every command.
    pub global: &'a Global,
    /// What this person prefers.
    pub preferences: &'a Arc<Preferences>,
    /// Makes the cloud.
    pub maker: Maker,
    /// Where runbooks are.
    pub runbooks: &'a Runbooks,
    /// Standard output.
    pub out: &'a Out,
}

/// Runs a command; a failure is a document too where one is wanted.
pub fn run(command: &RunbookCommand, line: &Line<'_>) -> Exit {
    let done = perform(command, line).unwrap_or_else(|error| Err(Failure::from(error)));
    let failure = match done {
        Ok(exit) => return exit,
        Err(failure) => failure,
    };
    for reason in &failure.reasons {
        complain(&format!("qd: {reason}"));
    }
    let printed = match (line.out.format(), command) {
        (Format::Table | Format::Wide, _) => Ok(()),
        (_, RunbookCommand::Run(arguments)) => line
            .out
            .report(&RunDocument::failed(&failure, arguments.runbook.as_deref())),
        (_, RunbookCommand::Resume(_) | RunbookCommand::Rollback(_) | RunbookCommand::Abandon(_)) => {
            line.out.report(&RunDocument::failed(&failure, None))
        }
        _ => line.out.report(&Failed::of(&failure)),
    };
    if let Err(error) = printed {
        complain(&format!("qd: the result cannot be written: {error:#}"));
    }
    failure.exit
}

fn perform(command: &RunbookCommand, line: &Line<'_>) -> anyhow::Result<Result<Exit, Failure>> {
    match command {
        RunbookCommand::Plan(arguments) => line.with_bench(async |bench| plan(line, bench, arguments).await),
        RunbookCommand::Run(arguments) => line.with_bench(async |bench| start(line, bench, arguments).await),
        RunbookCommand::Resume(arguments) => {
            let process = process(arguments.detach, arguments.on_its_own);
            line.take_up((&arguments.taken_up, process), Resume::Forward)
        }
        RunbookCommand::Rollback(arguments) => {
            let process = process(arguments.detach, arguments.on_its_own);
            line.take_up((&arguments.taken_up, process), Resume::RollBack)
        }
        RunbookCommand::Abandon(arguments) => line.take_up((arguments, Process::Here), Resume::Abandon),
        RunbookCommand::Attach(which) => {
            let place = line.place(line.zone());
            block_on(attach::run(&place, &which.run))
        }
        RunbookCommand::Status(which) => Ok(status::run(&line.place(line.zone()), &which.run)),
        RunbookCommand::Logs(which) => Ok(logs::run(&line.place(line.zone()), &which.run)),
        RunbookCommand::History { limit } => Ok(history::run(&line.place(line.zone()), *limit)),
        RunbookCommand::Lock { command } => {
            let place = line.place(line.zone());
            Ok(match command {
                LockCommand::Ls => lock::list(&place),
                LockCommand::Break { id, reason } => lock::break_lock(&place, id, reason),
            })
        }
        RunbookCommand::List
        | RunbookCommand::Show { .. }
        | RunbookCommand::Lint { .. }
        | RunbookCommand::Schema => Ok(Err(Failure::new(Exit::Internal, "this command needs no account"))),
    }
}

async fn plan(line: &Line<'_>, bench: &Bench, arguments: &PlanArgs) -> Result<Exit, Failure> {
    bench.only_scope()?;
    let order = line.order(
        bench,
        &arguments.runbook,
        (&arguments.parameters, arguments.reason.as_ref()),
    )?;
    let wanted = Wanted {
        out: arguments.out.clone(),
        detailed_exitcode: arguments.detailed_exitcode,
    };
    plan::run(bench, order, &wanted).await
}

async fn start(line: &Line<'_>, bench: &Bench, arguments: &RunArgs) -> Result<Exit, Failure> {
    let process = process(arguments.detach, arguments.on_its_own);
    let mut how = how(&arguments.consent, (arguments.approve.as_ref(), process));
    how.consent.relayed = arguments.relayed.map(|relayed| match relayed {
        Relayed::Flags => Via::Flags,
        Relayed::Person => Via::Person,
    });
    let work = match (&arguments.plan, &arguments.runbook) {
        (Some(path), runbook) => {
            let runbook = runbook
                .as_ref()
                .map(|name| prepare::loaded(&line.opened(name)?, line.runbooks, catalogue()))
                .transpose()?;
            Work::Planned(Box::new(plan::read(path)?), runbook)
        }
        (None, Some(runbook)) => {
            bench.only_scope()?;
            Work::Order(Box::new(line.order(
                bench,
                runbook,
                (&arguments.parameters, arguments.consent.reason.as_ref()),
            )?))
        }
        (None, None) => return Err(Failure::usage("which runbook?")),
    };
    run::run(bench, work, how).await
}

/// In which process, by `--detach` and what it passes on.
const fn process(detach: bool, on_its_own: bool) -> Process {
    match (detach, on_its_own) {
        (_, true) => Process::OnItsOwn,
        (true, false) => Process::Detached,
        (false, false) => Process::Here,
    }
}

fn how(consent: &ConsentArgs, (approve, process): (Option<&String>, Process)) -> How {
    How {
        consent: Consent {
            yes: consent.yes,
            name: consent.confirm_name.clone(),
            digest: approve.cloned(),
            relayed: None,
        },
        reason: consent.reason.clone(),
        if_locked: consent.if_locked,
        process,
    }
}

impl Line<'_> {
    fn with_bench(
        &self,
        work: impl AsyncFnOnce(&Bench) -> Result<Exit, Failure>,
    ) -> anyhow::Result<Result<Exit, Failure>> {
        let launch = match Launch::of(self.global, self.preferences, self.maker) {
            Ok(launch) => launch,
            Err(Usage(why)) => return Ok(Err(Failure::usage(why))),
        };
        launch.tell();
        for notice in &launch.notices {
            complain(&format!("qd: {notice}"));
        }
        let desk = self.desk(&launch);
        block_on(async {
            let bench = desk.open()?;
            work(&bench).await
        })
    }

    fn take_up(
        &self,
        (arguments, process): (&TakeUpArgs, Process),
        to: Resume,
    ) -> anyhow::Result<Result<Exit, Failure>> {
        let how = how(&arguments.consent, (None, process));
        self.with_bench(async |bench| resume::run(bench, &arguments.run, (to, how)).await)
    }

    /// The runbook, and what was given for it.
    fn order(
        &self,
        bench: &Bench,
        runbook: &str,
        (parameters, reason): (&ParameterArgs, Option<&String>),
    ) -> Result<Order, Failure> {
        let runbook = prepare::loaded(&self.opened(runbook)?, self.runbooks, catalogue())?;
        let file = match &parameters.params_file {
            None => None,
            Some(path) => {
                use std::io::Read;
                let mut bytes = Vec::new();
                std::fs::File::open(path)
                    .and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes))
                    .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
                Some((path.to_string_lossy().into_owned(), bytes))
            }
        };
        let given = prepare::given(
            &runbook,
            &Parameters {
                set: parameters.set.clone(),
                file,
            },
            bench,
        )?;
        Ok(Order {
            runbook,
            given,
            reason: reason.cloned(),
        })
    }

    fn opened(&self, wanted: &str) -> Result<crate::runbook::File, Failure> {
        super::opened(self.runbooks, wanted).map_err(|error| match error.downcast::<Usage>() {
            Ok(Usage(why)) => Failure::usage(why),
            Err(error) => Failure::from(error),
        })
    }

    fn desk(&self, launch: &Launch) -> Desk {
        let advice = if self.global.read_only {
            "changes are refused because of --read-only".to_owned()
        } else {
            let whose = launch.estate.as_ref().map_or_else(
                || "here".to_owned(),
                |estate| format!("in the estate {}", estate.name),
            );
            format!("changes are refused {whose} unless --read-write is passed")
        };
        Desk {
            sites: launch.sites(),
            clocks: launch.clocks.clone(),
            cloud: launch.cloud(),
            read_only: launch.read_only.clone(),
            read_only_advice: advice,
            allowed: launch.allowances(),
            place: self.place(launch.zone()),
        }
    }

    /// The zone of times without a launch: the one that somebody chose, the estate's, or the machine's.
    fn zone(&self) -> (TimeZone, String) {
        let chosen = self.preferences.settings.time_zone.as_ref();
        let zone = chosen
            .map(|zone| zone.rules().clone())
            .or_else(|| estate_zone(self.global, self.preferences))
            .unwrap_or_else(TimeZone::system);
        let name = zone
            .to_offset_info(jiff::Timestamp::now())
            .abbreviation()
            .to_owned();
        (zone, name)
    }

    fn place(&self, zone: (TimeZone, String)) -> Place {
        let preferences = self.preferences;
        let words = self.global.again();
        Place {
            folder: run_folder(preferences, self.global.demo.is_some()),
            environment: preferences.environment.clone(),
            commands: Commands::of(words.iter().map(String::as_str)),
            words,
            out: self.out.clone().in_zone(zone),
            wall: Arc::new(SystemClock),
            grace: Duration::from_secs(preferences.settings.runs.credential_grace_s.into()),
            teller: Teller::standard(preferences.settings.color, preferences.environment.variables()),
        }
    }
}
