//! The lines of a tail: a ring with a cap in bytes, in time order over all groups, made of sealed
//! segments that jobs can read while more lines arrive, and one open segment that takes them.

mod segment;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::domain::logs::TailLine;
use crate::domain::logs::level::Level;
use crate::domain::text;
use segment::{Fresh, LINE_BYTES};
pub use segment::{Line, LineKey, Segment};

/// The most that a buffer takes, overhead included: 256 MiB hold a million lines of 150 bytes.
pub const CAP: usize = 256 * 1024 * 1024;
/// The open segment gives its older half away when it has twice as many lines; so at least this
/// many of the newest lines can be overtaken by a late one cheaply.
const SEAL_LINES: usize = 8_192;
/// The same for its text, bytes.
const SEAL_BYTES: usize = 2 * 1024 * 1024;
/// The most of one event that is kept, bytes: CloudWatch takes events of up to 1 MiB.
const MOST_TEXT: usize = 1024 * 1024;

/// A ring of lines.
#[derive(Debug)]
pub struct Buffer {
    sealed: VecDeque<Arc<Segment>>,
    open: Segment,
    streams: Streams,
    next_seq: u64,
    cap: usize,
    sealed_bytes: usize,
    dropped: u64,
}

/// Names of streams, each kept once.
#[derive(Debug, Default)]
struct Streams {
    names: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
    bytes: usize,
}

/// Every line at one moment, for a job: cheap to take, and nothing changes under it.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Segments, oldest first.
    pub segments: Vec<Arc<Segment>>,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new(CAP)
    }
}

impl Buffer {
    /// An empty buffer that never takes more than `cap` bytes for long.
    pub fn new(cap: usize) -> Self {
        Self {
            sealed: VecDeque::new(),
            open: Segment::default(),
            streams: Streams::default(),
            next_seq: 0,
            cap,
            sealed_bytes: 0,
            dropped: 0,
        }
    }

    /// Takes a line in and says where it went; `None` if it is older than what is kept.
    pub fn push(&mut self, line: &TailLine) -> Option<LineKey> {
        let key = LineKey {
            at_ms: line.event.at_ms,
            seq: self.next_seq,
        };
        if self.dropped > 0 && self.first().is_some_and(|first| key < first) {
            self.dropped += 1;
            return None;
        }
        self.next_seq += 1;
        let text = text::clean_multiline(line.event.message.trim_end());
        let text = &text[..text.floor_char_boundary(MOST_TEXT)];
        let id = text::clean(&line.event.id);
        let lag = line.event.ingested_ms.saturating_sub(line.event.at_ms);
        let fresh = Fresh {
            key,
            group: line.group,
            level: Level::detect(text),
            stream: self.streams.place(&line.event.stream),
            lag_ms: i32::try_from(lag).unwrap_or(i32::MAX),
            text,
            id: &id,
        };
        match self.sealed.back() {
            Some(newest) if newest.last().is_some_and(|last| key < last) => self.push_late(&fresh),
            _ => self.open.insert(&fresh),
        }
        if self.open.len() >= 2 * SEAL_LINES || self.open.text_bytes() >= 2 * self.seal_bytes() {
            self.seal();
        }
        self.enforce_cap();
        Some(key)
    }

    /// A line that belongs among sealed ones. A segment that a job reads is copied first.
    fn push_late(&mut self, fresh: &Fresh<'_>) {
        let place = self
            .sealed
            .partition_point(|segment| segment.last().is_some_and(|last| last < fresh.key));
        let seal_bytes = self.seal_bytes();
        let Some(shared) = self.sealed.get_mut(place) else {
            return self.open.insert(fresh);
        };
        let before = shared.bytes();
        let segment = Arc::make_mut(shared);
        segment.insert(fresh);
        let mut after = segment.bytes();
        if segment.len() >= 2 * SEAL_LINES || segment.text_bytes() >= 2 * seal_bytes && segment.len() > 1 {
            let front = segment.split_front(segment.len() / 2);
            after = segment.bytes() + front.bytes();
            self.sealed.insert(place, Arc::new(front));
        }
        self.sealed_bytes = self.sealed_bytes - before + after;
    }

    fn seal(&mut self) {
        let count = (self.open.len() / 2).max(1);
        let front = self.open.split_front(count);
        self.sealed_bytes += front.bytes();
        self.sealed.push_back(Arc::new(front));
    }

    fn enforce_cap(&mut self) {
        while self.bytes() > self.cap {
            let Some(oldest) = self.sealed.pop_front() else {
                return;
            };
            self.sealed_bytes -= oldest.bytes();
            self.dropped += oldest.len() as u64;
        }
    }

    /// A small cap, as tests have, wants small segments.
    fn seal_bytes(&self) -> usize {
        SEAL_BYTES.min(self.cap / 16)
    }

    /// What it takes, bytes, overhead included.
    pub fn bytes(&self) -> usize {
        self.sealed_bytes + self.open.bytes() + self.streams.bytes
    }

    /// Lines that are kept.
    pub fn len(&self) -> usize {
        self.sealed.iter().map(|segment| segment.len()).sum::<usize>() + self.open.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.sealed.is_empty()
    }

    /// Lines that had to go because of the cap.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The oldest line.
    pub fn first(&self) -> Option<LineKey> {
        self.segments().find_map(Segment::first)
    }

    /// The newest line.
    pub fn last(&self) -> Option<LineKey> {
        self.open
            .last()
            .or_else(|| self.sealed.back().and_then(|segment| segment.last()))
    }

    /// The line at a place, counted from the oldest.
    pub fn at(&self, mut place: usize) -> Option<Line<'_>> {
        for segment in self.segments() {
            if place < segment.len() {
                return segment.at(place);
            }
            place -= segment.len();
        }
        None
    }

    /// The place of a line, or where it would be.
    pub fn place(&self, key: LineKey) -> Result<usize, usize> {
        let mut before = 0;
        for segment in self.segments() {
            if segment.last().is_some_and(|last| key <= last) {
                return match segment.place(key) {
                    Ok(place) => Ok(before + place),
                    Err(place) => Err(before + place),
                };
            }
            before += segment.len();
        }
        Err(before)
    }

    /// A line by its key.
    pub fn line(&self, key: LineKey) -> Option<Line<'_>> {
        let place = self
            .sealed
            .partition_point(|segment| segment.last().is_some_and(|last| last < key));
        let segment = self.sealed.get(place).map_or(&self.open, AsRef::as_ref);
        segment.at(segment.place(key).ok()?)
    }

    /// The name of a line's stream.
    pub fn stream(&self, line: &Line<'_>) -> &str {
        self.streams
            .names
            .get(line.stream as usize)
            .map_or("", AsRef::as_ref)
    }

    /// The first error after a line, or the last one before it, that also passes.
    pub fn error(&self, from: LineKey, way: Way, passes: impl Fn(LineKey) -> bool) -> Option<LineKey> {
        let wanted = |key: &LineKey| match way {
            Way::Forward => *key > from,
            Way::Backward => *key < from,
        };
        let mut found = self
            .segments()
            .filter(|segment| segment.errors() > 0)
            .filter(|segment| match way {
                Way::Forward => segment.last().is_some_and(|last| last > from),
                Way::Backward => segment.first().is_some_and(|first| first < from),
            });
        let in_segment = |segment: &Segment| {
            let mut errors = segment.error_keys().filter(&wanted).filter(|key| passes(*key));
            match way {
                Way::Forward => errors.next(),
                Way::Backward => errors.last(),
            }
        };
        match way {
            Way::Forward => found.find_map(in_segment),
            Way::Backward => found.filter_map(in_segment).last(),
        }
    }

    /// Everything as it is now. The open segment is copied, a few MiB at most.
    pub fn snapshot(&self) -> Snapshot {
        let mut segments: Vec<Arc<Segment>> = self.sealed.iter().cloned().collect();
        if !self.open.is_empty() {
            segments.push(Arc::new(self.open.clone()));
        }
        Snapshot { segments }
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.sealed
            .iter()
            .map(AsRef::as_ref)
            .chain(std::iter::once(&self.open))
    }
}

/// Which way to look for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Towards newer lines.
    Forward,
    /// Towards older lines.
    Backward,
}

impl Streams {
    fn place(&mut self, name: &str) -> u32 {
        let name = text::clean(name);
        if let Some(place) = self.places.get(name.as_ref()) {
            return *place;
        }
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let shared: Arc<str> = Arc::from(name.as_ref());
        self.bytes += shared.len() + LINE_BYTES;
        self.names.push(shared.clone());
        self.places.insert(shared, place);
        place
    }
}

#[cfg(test)]
mod tests;
