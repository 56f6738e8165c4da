//! A demo that outlives its process: the record of its writes in a file, and beside it how far its
//! clock has come.
//!
//! The record is one line of JSON that says which demo it is and when that began, and then one line
//! for each accepted write, on the disk before the write counts as accepted. Several processes may
//! have the same demo open: they lock the file for as long as it takes to add a line, and read what
//! others have added.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::selection::Scenario;
use super::write_log::{AcceptedWrite, Append, WriteLog, WriteLogError};

/// The form of the record. Another version of the program may write another one.
const FORMAT: &str = "quarterdeck.demo/1";
/// What every form begins with.
const FORMATS: &str = "quarterdeck.demo/";

/// How often the clock is noted, in seconds of the machine.
const NOTE_EACH_S: f64 = 1.0;
/// For this long after the last note the demo is taken to have run on as fast as it did: twice the
/// time between notes, so that the clock never goes back behind what somebody has seen.
const RUNS_ON: SignedDuration = SignedDuration::from_secs(2);
/// A demo in which nothing was changed begins anew when nobody has looked at it for this long: its
/// incident is then some minutes old again.
const UNCHANGED: SignedDuration = SignedDuration::from_mins(10);
/// A demo that began longer ago than this says so.
const OLD: SignedDuration = SignedDuration::from_hours(72);

/// The folder of demos below the state folder.
pub const FOLDER: &str = "demo";

/// Why a demo could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its folder or files cannot be written to.
    #[error(transparent)]
    Unusable(WriteLogError),
    /// What is in them is of another version, of something else, or damaged.
    #[error(transparent)]
    Foreign(WriteLogError),
}

/// Which demo, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// The folder.
    pub dir: PathBuf,
    /// What goes wrong in it.
    pub scenario: Scenario,
    /// Its seed.
    pub seed: u64,
    /// After how long without anybody looking its changes are forgotten; `None` is never. To come back
    /// it has to live through all that time, and what it then shows is of no use to somebody who has
    /// forgotten it.
    pub forgotten_after: Option<SignedDuration>,
}

/// Where nobody chose a folder, changes are forgotten after this long.
pub const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How it is opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opening {
    /// The machine's time.
    pub wall: Timestamp,
    /// How many times faster than the machine's the demo's clock runs from now on.
    pub speed: f64,
    /// Whether earlier writes count.
    pub past: Past,
}

/// Whether earlier writes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// They do.
    Kept,
    /// The demo begins anew.
    Forgotten,
}

/// A demo as it was found.
#[derive(Debug)]
pub struct Opened {
    /// Its record.
    pub log: FileLog,
    /// When it began, on its clock.
    pub epoch: Timestamp,
    /// What its clock shows now.
    pub now: Timestamp,
    /// What the user should know of it.
    pub notices: Vec<String>,
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    scenario: String,
    seed: u64,
    epoch: Timestamp,
}

/// What every version's first line says.
#[derive(Debug, Deserialize)]
struct AnyHeader {
    format: String,
}

/// A record in a file.
#[derive(Debug)]
pub struct FileLog {
    path: PathBuf,
    clock: Option<File>,
    speed: f64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    /// Bytes that have been read: whole lines.
    read: u64,
    /// Writes that were read when the file was opened, until somebody asks for them.
    waiting: Vec<AcceptedWrite>,
    /// When the clock was noted last.
    noted: Option<Timestamp>,
}

/// How far a demo's clock had come, and when.
#[derive(Debug, Clone, Copy)]
struct Note {
    demo: Timestamp,
    wall: Timestamp,
    speed: f64,
}

impl FileLog {
    /// Opens a demo, or begins one. Fails if the folder cannot be written to, or if what is in it is
    /// of another version or damaged elsewhere than at its end.
    pub fn open(keep: &Keep, opening: Opening) -> Result<Opened, OpenError> {
        let dir = &keep.dir;
        fs::create_dir_all(dir).map_err(|error| OpenError::Unusable(problem(dir, &error)))?;
        let stem = format!("{}-{}", keep.scenario, keep.seed);
        let path = dir.join(format!("{stem}.jsonl"));
        let clock_path = dir.join(format!("{stem}.clock"));
        let mut forgotten = None;
        if opening.past == Past::Kept
            && let Some(found) = Found::read(&path, keep)?
        {
            let note = read_note(&clock_path);
            let unseen = note.map(|note| opening.wall.duration_since(note.wall));
            if found.writes.is_empty() {
                forgotten = unseen.is_none_or(|unseen| unseen > UNCHANGED).then_some(None);
            } else if let (Some(unseen), Some(limit)) = (unseen, keep.forgotten_after)
                && unseen > limit
            {
                forgotten = Some(Some(format!(
                    "nobody has looked at this demo for {} days: what was changed in it is forgotten",
                    unseen.as_hours() / 24
                )));
            }
            if forgotten.is_none() {
                let now = found.resume(note.as_ref(), opening.wall);
                return Ok(found.opened(path, &clock_path, (now, opening.speed)));
            }
        }
        begin(&path, keep, opening.wall).map_err(OpenError::Unusable)?;
        let found = Found::read(&path, keep)?.ok_or_else(|| {
            OpenError::Unusable(WriteLogError(format!(
                "{} is gone although it was just written",
                path.display()
            )))
        })?;
        let now = found.header.epoch;
        let mut opened = found.opened(path, &clock_path, (now, opening.speed));
        opened.notices.extend(forgotten.flatten());
        Ok(opened)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, error: &serde_json::Error) -> WriteLogError {
        WriteLogError(format!("{}: {error}", self.path.display()))
    }

    /// Adds a line while no other process does.
    fn append_locked(&self, inner: &mut Inner, line: &str) -> Result<Append, WriteLogError> {
        let metadata = inner
            .file
            .metadata()
            .map_err(|error| problem(&self.path, &error))?;
        if metadata.nlink() == 0 {
            return Err(WriteLogError(format!(
                "{} was begun anew by another process: leave this one",
                self.path.display()
            )));
        }
        let tail = read_from(&mut inner.file, inner.read).map_err(|error| problem(&self.path, &error))?;
        if !Writes::of(&tail)
            .map_err(|error| self.damaged(&error))?
            .list
            .is_empty()
        {
            return Ok(Append::Behind);
        }
        // What is there nevertheless is half a line, which nobody has accepted: it is written over.
        let written = inner
            .file
            .set_len(inner.read)
            .and_then(|()| inner.file.write_all_at(line.as_bytes(), inner.read))
            .and_then(|()| inner.file.sync_data());
        if let Err(error) = written {
            // The write is refused, so nothing of it may be found later. If that fails too, what is
            // left has no line end, or is a write that was refused and happened nevertheless, as in
            // life.
            let _ = inner.file.set_len(inner.read);
            return Err(problem(&self.path, &error));
        }
        inner.read += line.len() as u64;
        Ok(Append::Done)
    }
}

impl WriteLog for FileLog {
    fn news(&self) -> Result<Vec<AcceptedWrite>, WriteLogError> {
        let mut inner = self.lock();
        let mut news = std::mem::take(&mut inner.waiting);
        let length = inner
            .file
            .metadata()
            .map_err(|error| problem(&self.path, &error))?
            .len();
        if length > inner.read {
            let from = inner.read;
            let bytes = read_from(&mut inner.file, from).map_err(|error| problem(&self.path, &error))?;
            let mut writes = Writes::of(&bytes).map_err(|error| self.damaged(&error))?;
            inner.read += writes.whole as u64;
            news.append(&mut writes.list);
        }
        Ok(news)
    }

    fn append(&self, write: &AcceptedWrite) -> Result<Append, WriteLogError> {
        let mut line = serde_json::to_string(write).map_err(|error| WriteLogError(error.to_string()))?;
        line.push('\n');
        let mut inner = self.lock();
        if !inner.waiting.is_empty() {
            return Ok(Append::Behind);
        }
        inner.file.lock().map_err(|error| problem(&self.path, &error))?;
        let appended = self.append_locked(&mut inner, &line);
        // Closing the file would unlock it too; a lock that stays harms nobody but other processes.
        inner.file.unlock().map_err(|error| problem(&self.path, &error))?;
        appended
    }

    fn note_time(&self, now: Timestamp) {
        let Some(clock) = &self.clock else { return };
        let mut inner = self.lock();
        let due = inner
            .noted
            .is_none_or(|noted| now.duration_since(noted).as_secs_f64() >= NOTE_EACH_S * self.speed);
        if due {
            // Of one length each time, so that one note covers the other. Without it the clock may go
            // back when the demo is opened again, which is not worth a failure.
            let _ = clock.write_all_at(note_line(now, self.speed).as_bytes(), 0);
            inner.noted = Some(now);
        }
    }
}

/// A record that was read.
struct Found {
    file: File,
    header: Header,
    writes: Vec<AcceptedWrite>,
    /// Bytes of whole lines.
    whole: u64,
    /// Whether half a line follows them.
    torn: bool,
}

impl Found {
    /// Reads a record; `None` if there is none.
    fn read(path: &Path, keep: &Keep) -> Result<Option<Self>, OpenError> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OpenError::Unusable(problem(path, &error))),
        };
        // A line that another process is adding now is not half a line.
        let bytes = file
            .lock_shared()
            .and_then(|()| read_from(&mut file, 0))
            .and_then(|bytes| file.unlock().map(|()| bytes))
            .map_err(|error| OpenError::Unusable(problem(path, &error)))?;
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            // Begun and killed: nothing was accepted yet.
            return Ok(None);
        };
        let header = header(path, keep, &bytes[..end]).map_err(OpenError::Foreign)?;
        let rest = &bytes[end + 1..];
        let writes = Writes::of(rest).map_err(|error| {
            OpenError::Foreign(WriteLogError(format!(
                "{}: {error}; --demo-fresh forgets what was changed",
                path.display()
            )))
        })?;
        Ok(Some(Self {
            file,
            header,
            torn: writes.whole < rest.len(),
            whole: (end + 1 + writes.whole) as u64,
            writes: writes.list,
        }))
    }

    /// What the demo's clock shows: while nobody watched, it ran as fast as the machine's.
    fn resume(&self, note: Option<&Note>, wall: Timestamp) -> Timestamp {
        let last = self.writes.last().map_or(self.header.epoch, |write| write.at);
        let noted = note.map_or(wall, |note| {
            let passed = wall.duration_since(note.wall).max(SignedDuration::ZERO);
            let fast = passed.min(RUNS_ON);
            let span = SignedDuration::try_from_secs_f64(fast.as_secs_f64() * note.speed).unwrap_or(fast);
            note.demo
                .saturating_add(span + (passed - fast))
                .unwrap_or(Timestamp::MAX)
        });
        noted.max(last).max(self.header.epoch)
    }

    fn opened(self, path: PathBuf, clock_path: &Path, (now, speed): (Timestamp, f64)) -> Opened {
        let mut notices = Vec::new();
        if self.torn {
            notices.push(format!(
                "the last change in {} was cut off before it was accepted: it is left out",
                path.display()
            ));
        }
        let age = now.duration_since(self.header.epoch);
        if age > OLD {
            let count = self.writes.len();
            notices.push(format!(
                "this demo began {} days ago and remembers {count} {}: --demo-fresh begins anew",
                age.as_hours() / 24,
                if count == 1 { "change" } else { "changes" }
            ));
        }
        let clock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(clock_path)
            .ok();
        let log = FileLog {
            path,
            clock,
            speed,
            inner: Mutex::new(Inner {
                file: self.file,
                read: self.whole,
                waiting: self.writes,
                noted: None,
            }),
        };
        log.note_time(now);
        Opened {
            log,
            epoch: self.header.epoch,
            now,
            notices,
        }
    }
}

/// The first line, if this program understands what follows.
fn header(path: &Path, keep: &Keep, line: &[u8]) -> Result<Header, WriteLogError> {
    let path = path.display();
    let any: AnyHeader = serde_json::from_slice(line).map_err(|_| {
        WriteLogError(format!(
            "{path} is none; --demo-fresh replaces it, --demo-dir looks elsewhere"
        ))
    })?;
    if any.format != FORMAT {
        let what = if any.format.starts_with(FORMATS) {
            "was written by another version of quarterdeck"
        } else {
            "is something else"
        };
        return Err(WriteLogError(format!(
            "{path} {what} ({:?}, this one writes {FORMAT:?}); --demo-fresh forgets what was changed",
            any.format
        )));
    }
    let header: Header = serde_json::from_slice(line).map_err(|error| {
        WriteLogError(format!(
            "{path}:1: {error}; --demo-fresh forgets what was changed"
        ))
    })?;
    if header.scenario != keep.scenario.name() || header.seed != keep.seed {
        return Err(WriteLogError(format!(
            "{path} is of scenario {:?} and seed {}: it was renamed; --demo-fresh replaces it",
            header.scenario, header.seed
        )));
    }
    Ok(header)
}

/// Begins a demo in the place of what was there, whole or not at all.
fn begin(path: &Path, keep: &Keep, epoch: Timestamp) -> Result<(), WriteLogError> {
    let header = Header {
        format: FORMAT.to_owned(),
        scenario: keep.scenario.name().to_owned(),
        seed: keep.seed,
        epoch,
    };
    let mut line = serde_json::to_string(&header).map_err(|error| WriteLogError(error.to_string()))?;
    line.push('\n');
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| problem(path, &error))
}

/// The writes of a part of the record, and how many bytes they take.
struct Writes {
    list: Vec<AcceptedWrite>,
    whole: usize,
}

impl Writes {
    /// Reads whole lines. What is not understood at the end is left out: a process was killed while it
    /// wrote, or a disk that lost power kept the length of a line and not what was in it. Elsewhere it
    /// is an error.
    fn of(bytes: &[u8]) -> serde_json::Result<Self> {
        let mut writes = Self {
            list: Vec::new(),
            whole: 0,
        };
        let mut bad = None;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(error) = bad {
                return Err(error);
            }
            match serde_json::from_slice(line) {
                Ok(write) if line.ends_with(b"\n") => {
                    writes.list.push(write);
                    writes.whole += line.len();
                }
                // Without its end it has not been accepted, however whole it looks.
                Ok(AcceptedWrite { .. }) => {}
                Err(error) => bad = Some(error),
            }
        }
        Ok(writes)
    }
}

fn read_from(file: &mut File, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn note_line(demo: Timestamp, speed: f64) -> String {
    format!("{:>20} {speed:>24e}\n", demo.as_millisecond())
}

fn read_note(path: &Path) -> Option<Note> {
    let text = fs::read_to_string(path).ok()?;
    let (demo, speed) = text.trim().split_once(' ')?;
    let written = fs::metadata(path).ok()?.modified().ok()?;
    let speed: f64 = speed.trim().parse().ok()?;
    Some(Note {
        demo: Timestamp::from_millisecond(demo.parse().ok()?).ok()?,
        wall: Timestamp::try_from(written).ok()?,
        speed: if speed.is_finite() { speed.max(0.0) } else { 1.0 },
    })
}

fn problem(path: &Path, error: &std::io::Error) -> WriteLogError {
    WriteLogError(format!("{}: {error}", path.display()))
}
