//! Records of incidents on disk: `incidents/<id>/record.jsonl` in the state folder, a line an entry, only
//! ever added to. Several consoles may write to one record; a process that dies between two bytes leaves
//! a line that is passed over, and nothing else is lost.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::incident::{Entry, Incident, IncidentId, RunStory, VERSION};
use crate::engine::name::Named;
use crate::engine::run::{RunStore, StateFolder};
use crate::runbook::record::Status;
use crate::runbook::tell;

/// Why a record cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncidentError {
    /// There is no such record.
    #[error("there is no incident `{0}`")]
    Unknown(String),
    /// Several records begin like that.
    #[error("`{0}` is the beginning of several incidents")]
    Ambiguous(String),
    /// A file cannot be read or written.
    #[error("{0}")]
    Io(String),
}

/// The records of a host or login.
#[derive(Debug, Clone)]
pub struct IncidentStore {
    folder: StateFolder,
    path: PathBuf,
}

const RECORD: &str = "record.jsonl";

impl IncidentStore {
    /// The records in a state folder; nothing is touched yet.
    pub fn new(folder: &StateFolder) -> Self {
        Self {
            path: folder.path.join("incidents"),
            folder: folder.clone(),
        }
    }

    /// The records of one demo world and scenario: no other takes them up, and no name of a record is
    /// mistaken for theirs.
    #[must_use]
    pub fn of_demo(folder: &StateFolder, world: &str, scenario: &str) -> Self {
        let own = Self::new(folder);
        Self {
            path: own.path.join(format!("{world}-{scenario}")),
            ..own
        }
    }

    /// Every record that can be read, newest first.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn list(&self) -> Result<Vec<Incident>, IncidentError> {
        let mut ids = self.ids()?;
        ids.reverse();
        Ok(ids
            .into_iter()
            .filter_map(|id| match self.read(&id) {
                Ok(incident) => Some(incident),
                Err(error) => {
                    tracing::warn!(%id, %error, "a record was not read");
                    None
                }
            })
            .collect())
    }

    /// The newest record of an estate that is open.
    ///
    /// # Errors
    /// As of [`IncidentStore::list`].
    pub fn open_of(&self, estate: Option<&str>) -> Result<Option<Incident>, IncidentError> {
        let mut all = self.list()?.into_iter();
        Ok(all.find(|incident| incident.is_open() && incident.estate.as_deref() == estate))
    }

    /// The record that a person means: its name, the beginning of it or its last letters, or `last`.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn find(&self, wanted: &str) -> Result<Incident, IncidentError> {
        let unknown = || IncidentError::Unknown(wanted.to_owned());
        let ids = self.ids()?;
        let found = if wanted == "last" {
            ids.into_iter().next_back()
        } else {
            let ending = format!("-{wanted}");
            let mut matching = ids
                .into_iter()
                .filter(|id| !wanted.is_empty() && (id.0.starts_with(wanted) || id.0.ends_with(&ending)));
            match (matching.next(), matching.next()) {
                (_, Some(_)) => return Err(IncidentError::Ambiguous(wanted.to_owned())),
                (found, None) => found,
            }
        };
        self.read(&found.ok_or_else(unknown)?)
    }

    /// A record.
    ///
    /// # Errors
    /// If there is no such record, or it cannot be read.
    pub fn read(&self, id: &IncidentId) -> Result<Incident, IncidentError> {
        let path = self.record(id);
        let text = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => IncidentError::Unknown(id.to_string()),
            _ => failed(&path, &error),
        })?;
        Incident::of(id.clone(), entries(&text)).ok_or_else(|| IncidentError::Unknown(id.to_string()))
    }

    /// Begins a record.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(&self, first: Entry) -> Result<Incident, IncidentError> {
        let id = IncidentId(Named::Incident.mint(first.wall));
        let folder = self.path.join(&id.0);
        self.folder
            .make(&self.path)
            .and_then(|()| self.folder.make(&folder))
            .map_err(|error| failed(&folder, &error))?;
        self.append(&id, std::slice::from_ref(&first))?;
        // The name must be on the disk too before anybody relies on it.
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| failed(&self.path, &error))?;
        self.read(&id)
    }

    /// Adds entries, and flushes them to the disk.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn append(&self, id: &IncidentId, entries: &[Entry]) -> Result<(), IncidentError> {
        let path = self.record(id);
        self.write(&path, entries).map_err(|error| failed(&path, &error))
    }

    fn write(&self, path: &Path, entries: &[Entry]) -> io::Result<()> {
        let mut lines = String::new();
        for entry in entries {
            lines.push_str(&serde_json::to_string(entry).map_err(io::Error::other)?);
            lines.push('\n');
        }
        let mut file = self
            .folder
            .options()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        self.folder.permit_file(path)?;
        // Another console may write at the same time; the lock goes with the file.
        file.lock()?;
        if ends_torn(&mut file)? {
            lines.insert(0, '\n');
        }
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    }

    /// How long a record is now, bytes: whether there is something new to read.
    pub fn length(&self, id: &IncidentId) -> Option<u64> {
        fs::metadata(self.record(id)).ok().map(|meta| meta.len())
    }

    fn record(&self, id: &IncidentId) -> PathBuf {
        self.path.join(&id.0).join(RECORD)
    }

    /// Names of records, oldest first.
    fn ids(&self) -> Result<Vec<IncidentId>, IncidentError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&self.path, &error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed(&self.path, &error))?;
            if let Ok(name) = entry.file_name().into_string()
                && Named::Incident.is_name(&name)
            {
                ids.push(IncidentId(name));
            }
        }
        ids.sort();
        Ok(ids)
    }
}

fn failed(path: &Path, error: &io::Error) -> IncidentError {
    IncidentError::Io(format!("{}: {error}", path.display()))
}

/// Whether the last line of a file was cut short.
fn ends_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// The entries of a record. A line that cannot be read, since it was cut short or another version wrote
/// it, is passed over.
fn entries(text: &[u8]) -> impl Iterator<Item = Entry> {
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Entry>(line).ok())
        .filter(|entry| entry.v == VERSION)
}

/// What runs did while an incident went on, in its accounts and regions, oldest first. A run whose
/// journal cannot be relied on is told by what the history says of it.
pub fn runs_of(incident: &Incident, runs: &RunStore) -> Vec<RunStory> {
    let heads = match runs.list() {
        Ok(heads) => heads,
        Err(error) => {
            tracing::warn!(%error, "runs were not read");
            return Vec::new();
        }
    };
    let until = incident.closed.map_or(Timestamp::MAX, |(_, wall)| wall);
    let mut stories: Vec<RunStory> = heads
        .into_iter()
        .filter(|head| incident.scopes.contains(&head.scope))
        .filter(|head| {
            let ended = head.ended_at.unwrap_or(Timestamp::MAX);
            head.started_at <= until && ended >= incident.started.1
        })
        .map(|head| {
            let entries = runs
                .journal(&head.id)
                .map(|journal| journal.entries)
                .unwrap_or_default();
            let steps = tell::steps(&entries);
            RunStory {
                run: head.id.to_string(),
                runbook: head.runbook,
                who: format!("{}@{}", head.who.user, head.who.host),
                reason: head.reason,
                status: head.status.word().to_owned(),
                started_at: entries.first().map_or(head.started_at, |entry| entry.at.cloud),
                remains: if head.status == Status::Succeeded {
                    Vec::new()
                } else {
                    head.remains
                },
                steps,
            }
        })
        .collect();
    stories.sort_by_key(|story| story.started_at);
    stories
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::domain::incident::Event;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn begun(estate: &str) -> Entry {
        let event = Event::Started {
            title: "느려요".to_owned(),
            estate: Some(estate.to_owned()),
            scopes: vec!["default/ap-northeast-2".to_owned()],
        };
        Entry::new(event, "kim@bastion", (at(0), at(0)))
    }

    fn note(text: &str, second: i64) -> Entry {
        let event = Event::Note {
            text: text.to_owned(),
        };
        Entry::new(event, "lee@bastion", (at(second), at(second)))
    }

    #[test]
    fn another_login_goes_on_where_the_first_was() {
        let home = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(home.path());
        let first = IncidentStore::new(&folder);
        let id = first.begin(begun("shop")).unwrap().id;
        first.append(&id, &[note("one", 1)]).unwrap();
        let second = IncidentStore::new(&folder);
        let open = second.open_of(Some("shop")).unwrap().unwrap();
        assert_eq!(open.id, id);
        second.append(&id, &[note("two", 2)]).unwrap();
        assert_eq!(first.read(&id).unwrap().entries.len(), 3);
        assert_eq!(second.open_of(Some("other")).unwrap(), None);
        assert_eq!(second.open_of(None).unwrap(), None);
        first
            .append(&id, &[Entry::new(Event::Closed, "kim@bastion", (at(3), at(3)))])
            .unwrap();
        assert_eq!(second.open_of(Some("shop")).unwrap(), None);
        assert_eq!(second.find("last").unwrap().id, id);
        assert_eq!(second.find(&id.0[..14]).unwrap().id, id);
        assert_eq!(
            second.find("nope"),
            Err(IncidentError::Unknown("nope".to_owned()))
        );
    }

    #[test]
    fn a_line_that_was_cut_short_costs_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let store = IncidentStore::new(&StateFolder::at(home.path()));
        let id = store.begin(begun("shop")).unwrap().id;
        store.append(&id, &[note("before", 1)]).unwrap();
        let path = store.record(&id);
        let whole = fs::read(&path).unwrap();
        let lines = whole.split_inclusive(|byte| *byte == b'\n').count();
        assert_eq!(lines, 2);
        // A process dies at every byte of the second line; the next one goes on.
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in first..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            store.append(&id, &[note("after", 2)]).unwrap();
            let read = store.read(&id).unwrap();
            let texts: Vec<_> = read.entries[1..]
                .iter()
                .map(|entry| entry.event.clone())
                .collect();
            let after = Event::Note {
                text: "after".to_owned(),
            };
            assert!(texts.contains(&after), "{cut}: {texts:?}");
            // Cut before its line break the note itself was whole.
            assert_eq!(texts.len(), if cut == whole.len() - 1 { 2 } else { 1 }, "{cut}");
        }
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"\xff\xfe not json\n{\"v\":99}\n")
            .unwrap();
        assert!(store.read(&id).is_ok());
    }
}
