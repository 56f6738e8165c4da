//! What records of incidents want done: files read and written, none of it on the drawing thread. The
//! record of this estate is looked at again and again, since another login may go on with it.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::app::incident::{IncidentEffect, IncidentMsg, Known};
use crate::app::msg::Msg;
use crate::domain::incident::{IncidentId, markdown};
use crate::engine::clock::Clock;
use crate::engine::incident::{IncidentStore, runs_of};
use crate::engine::run::RunStore;

/// How often the disk is looked at.
const EACH: Duration = Duration::from_secs(3);

/// How long writing is waited for when the console ends.
const FINISHING: Duration = Duration::from_secs(2);

/// Messages that wait for the console.
const WAITING: usize = 64;

/// Runs effects of incidents, and brings back what comes of them. Must be used within the runtime.
pub struct IncidentRunner {
    desk: Option<Desk>,
    out: mpsc::Sender<Msg>,
    /// Effects wait for one another: what was written first stands first.
    work: Option<mpsc::UnboundedSender<IncidentEffect>>,
    /// The one that looks, and the one that writes.
    tasks: Vec<JoinHandle<()>>,
    wall: Arc<dyn Clock>,
}

/// Where records and runs are.
#[derive(Clone)]
struct Desk {
    store: IncidentStore,
    runs: RunStore,
    estate: Option<String>,
}

impl IncidentRunner {
    /// A runner that looks whether a record of the estate is open, and where its messages come out.
    pub fn new(
        records: Option<(IncidentStore, RunStore)>,
        estate: Option<String>,
        wall: Arc<dyn Clock>,
    ) -> (Self, mpsc::Receiver<Msg>) {
        let (out, messages) = mpsc::channel(WAITING);
        let desk = records.map(|(store, runs)| Desk { store, runs, estate });
        let mut runner = Self {
            desk: desk.clone(),
            out: out.clone(),
            work: None,
            tasks: Vec::new(),
            wall: wall.clone(),
        };
        if let Some(desk) = desk {
            let (work, taken) = mpsc::unbounded_channel();
            runner.work = Some(work);
            runner.tasks = vec![
                tokio::spawn(look(desk.clone(), wall, out.clone())),
                tokio::spawn(perform(desk, taken, out)),
            ];
        }
        (runner, messages)
    }

    /// Writes what is still to be written, at most for a moment: the console ends.
    pub async fn finish(&mut self) {
        self.work = None;
        let Some(writer) = self.tasks.pop() else {
            return;
        };
        tokio::select! {
            // It only writes, and says itself what fails.
            _ = writer => {}
            () = self.wall.sleep(FINISHING) => {}
        }
    }

    /// Does it.
    pub fn perform(&self, effect: IncidentEffect) {
        let given = self.work.as_ref().is_some_and(|work| work.send(effect).is_ok());
        if !given {
            let why = if self.desk.is_none() {
                "there is no folder for records: HOME is not set; give --state-dir"
            } else {
                "nobody writes any more"
            };
            // With no room left the console has more urgent things to say.
            let _ = self
                .out
                .try_send(Msg::Incident(IncidentMsg::Failed(why.to_owned())));
        }
    }
}

impl Drop for IncidentRunner {
    fn drop(&mut self) {
        // The one that writes ends by itself, once it has written what it was given.
        if let Some(look) = self.tasks.first() {
            look.abort();
        }
    }
}

/// Looks at the record that is open, and says what is new of it.
async fn look(desk: Desk, wall: Arc<dyn Clock>, out: mpsc::Sender<Msg>) {
    let mut told: Option<Known> = None;
    loop {
        let (own, id) = (desk.clone(), told.as_ref().map(|known| known.incident.id.clone()));
        let read = tokio::task::spawn_blocking(move || own.read(id)).await;
        if let Ok(Some(known)) = read
            && told.as_ref() != Some(&known)
        {
            let msg = IncidentMsg::Known(Box::new(known.clone()));
            if out.send(Msg::Incident(msg)).await.is_err() {
                return;
            }
            told = known.incident.is_open().then_some(known);
        }
        wall.sleep(EACH).await;
    }
}

async fn perform(desk: Desk, mut work: mpsc::UnboundedReceiver<IncidentEffect>, out: mpsc::Sender<Msg>) {
    while let Some(effect) = work.recv().await {
        let own = desk.clone();
        let done = tokio::task::spawn_blocking(move || own.perform(effect)).await;
        let msg = match done {
            Ok(Ok(Some(msg))) => msg,
            Ok(Ok(None)) => continue,
            Ok(Err(why)) => IncidentMsg::Failed(why),
            Err(error) => IncidentMsg::Failed(error.to_string()),
        };
        // Once the console has ended nobody hears it; what was given is written all the same.
        let _ = out.send(Msg::Incident(msg)).await;
    }
}

impl Desk {
    /// The record of that name, else the one of the estate that is open.
    fn read(&self, id: Option<IncidentId>) -> Option<Known> {
        let incident = match id {
            Some(id) => self.store.read(&id).ok(),
            None => self.store.open_of(self.estate.as_deref()).ok().flatten(),
        }?;
        let runs = runs_of(&incident, &self.runs);
        Some(Known { incident, runs })
    }

    fn perform(&self, effect: IncidentEffect) -> Result<Option<IncidentMsg>, String> {
        match effect {
            IncidentEffect::Begin(first) => {
                let estate = self.estate.as_deref();
                let open = self.store.open_of(estate).map_err(|error| error.to_string())?;
                if let Some(open) = open {
                    return Err(format!("\"{}\" was begun meanwhile", open.title));
                }
                let incident = self.store.begin(*first).map_err(|error| error.to_string())?;
                let runs = runs_of(&incident, &self.runs);
                Ok(Some(IncidentMsg::Known(Box::new(Known { incident, runs }))))
            }
            IncidentEffect::Append { id, entries } => {
                let written = self.store.append(&id, &entries);
                written.map(|()| None).map_err(|error| error.to_string())
            }
            IncidentEffect::Export {
                id,
                path,
                places,
                now,
            } => {
                let incident = self.store.read(&id).map_err(|error| error.to_string())?;
                let runs = runs_of(&incident, &self.runs);
                let text = markdown(&incident, &runs, &places, now);
                let file = OpenOptions::new().write(true).create_new(true).open(&path);
                let written = file.and_then(|mut file| {
                    file.write_all(text.as_bytes())?;
                    file.sync_all()
                });
                written.map_err(|error| format!("{path}: {error}"))?;
                Ok(Some(IncidentMsg::Exported(path)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::incident::{Entry, Event, Places};
    use crate::engine::clock::ScaledClock;
    use crate::engine::run::StateFolder;

    fn note(text: &str) -> Entry {
        let event = Event::Note {
            text: text.to_owned(),
        };
        Entry::new(
            event,
            "kim@bastion",
            (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        )
    }

    async fn heard(messages: &mut mpsc::Receiver<Msg>, wanted: impl Fn(&IncidentMsg) -> bool) -> IncidentMsg {
        let next = async {
            loop {
                match messages.recv().await {
                    Some(Msg::Incident(msg)) if wanted(&msg) => return msg,
                    Some(_) => {}
                    None => panic!("the messages ended"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), next)
            .await
            .expect("nothing is heard")
    }

    #[tokio::test]
    async fn what_one_console_records_another_goes_on_with() {
        let home = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(home.path());
        let clock: Arc<dyn Clock> = Arc::new(ScaledClock::new(Timestamp::UNIX_EPOCH, 1_000.0));
        let open = || {
            let records = (IncidentStore::new(&folder), RunStore::new(&folder));
            IncidentRunner::new(Some(records), Some("shop".to_owned()), clock.clone())
        };
        let (mut first, mut told) = open();
        let started = Event::Started {
            title: "slow".to_owned(),
            estate: Some("shop".to_owned()),
            scopes: Vec::new(),
        };
        let begin = Entry::new(
            started,
            "kim@bastion",
            (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        );
        first.perform(IncidentEffect::Begin(Box::new(begin.clone())));
        let IncidentMsg::Known(known) = heard(&mut told, |_| true).await else {
            panic!("it is not known");
        };
        let id = known.incident.id.clone();
        for text in ["one", "two"] {
            first.perform(IncidentEffect::Append {
                id: id.clone(),
                entries: vec![note(text)],
            });
        }
        first.perform(IncidentEffect::Begin(Box::new(begin)));
        let refused = heard(&mut told, |msg| matches!(msg, IncidentMsg::Failed(_))).await;
        assert!(format!("{refused:?}").contains("begun meanwhile"), "{refused:?}");
        // What was given is written though the console ends at once.
        first.perform(IncidentEffect::Append {
            id: id.clone(),
            entries: vec![note("three")],
        });
        first.finish().await;
        drop((first, told));

        let (second, mut told) = open();
        let all =
            |msg: &IncidentMsg| matches!(msg, IncidentMsg::Known(known) if known.incident.entries.len() == 4);
        heard(&mut told, all).await;
        let path = home.path().join("post-mortem.md");
        let export = || IncidentEffect::Export {
            id: id.clone(),
            path: path.to_string_lossy().into_owned(),
            places: Places {
                zone: jiff::tz::TimeZone::UTC,
                label: "UTC".to_owned(),
            },
            now: Timestamp::UNIX_EPOCH,
        };
        second.perform(export());
        heard(&mut told, |msg| matches!(msg, IncidentMsg::Exported(_))).await;
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .starts_with("# Incident: slow")
        );
        second.perform(export());
        heard(&mut told, |msg| matches!(msg, IncidentMsg::Failed(_))).await;
    }

    #[tokio::test]
    async fn without_a_folder_it_says_so() {
        let clock: Arc<dyn Clock> = Arc::new(ScaledClock::new(Timestamp::UNIX_EPOCH, 1_000.0));
        let (runner, mut told) = IncidentRunner::new(None, None, clock);
        runner.perform(IncidentEffect::Append {
            id: IncidentId("i-20261121-020000-kqzt".to_owned()),
            entries: vec![note("x")],
        });
        heard(&mut told, |msg| matches!(msg, IncidentMsg::Failed(_))).await;
    }
}
