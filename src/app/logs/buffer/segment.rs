//! A run of lines in time order whose text lies in one piece.

use crate::domain::logs::level::Level;

/// What a line costs beyond its text and id, bytes.
pub(super) const LINE_BYTES: usize = size_of::<Meta>();
/// The longest event id that is kept, bytes; CloudWatch's have 56.
const MOST_ID: usize = u8::MAX as usize;

/// A line's place in time; two lines of one moment are told apart by when they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// When it happened, milliseconds since 1970.
    pub at_ms: i64,
    /// How many lines came before it.
    pub seq: u64,
}

/// A line as it is kept.
#[derive(Debug, Clone, Copy)]
struct Meta {
    key: LineKey,
    text: u32,
    text_len: u32,
    id: u32,
    stream: u32,
    lag_ms: i32,
    group: u16,
    level: Level,
    id_len: u8,
}

/// A line on its way in.
pub(super) struct Fresh<'a> {
    pub(super) key: LineKey,
    pub(super) group: u16,
    pub(super) level: Level,
    pub(super) stream: u32,
    pub(super) lag_ms: i32,
    pub(super) text: &'a str,
    pub(super) id: &'a str,
}

/// A line as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its place in time.
    pub key: LineKey,
    /// Its group, by its place among the targets.
    pub group: u16,
    /// How urgent it is.
    pub level: Level,
    /// How long CloudWatch took to have it, milliseconds.
    pub lag_ms: i32,
    /// The text, safe for a terminal; it may have several lines.
    pub text: &'a str,
    /// CloudWatch's event id; empty if there was none.
    pub id: &'a str,
    /// Its stream, by its place in the buffer's list.
    pub(super) stream: u32,
}

/// A run of lines.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    metas: Vec<Meta>,
    text: String,
    ids: String,
    errors: u32,
}

impl Segment {
    /// Puts a line where its time says; behind others of the same moment.
    pub(super) fn insert(&mut self, fresh: &Fresh<'_>) {
        let id = if fresh.id.len() <= MOST_ID { fresh.id } else { "" };
        let offset = |arena: &String| u32::try_from(arena.len()).unwrap_or(u32::MAX);
        let meta = Meta {
            key: fresh.key,
            text: offset(&self.text),
            text_len: fresh.text.len() as u32,
            id: offset(&self.ids),
            stream: fresh.stream,
            lag_ms: fresh.lag_ms,
            group: fresh.group,
            level: fresh.level,
            id_len: id.len() as u8,
        };
        self.text.push_str(fresh.text);
        self.ids.push_str(id);
        self.errors += u32::from(fresh.level == Level::Error);
        if self.last().is_none_or(|last| last < fresh.key) {
            self.metas.push(meta);
        } else {
            let place = self.metas.partition_point(|other| other.key < fresh.key);
            self.metas.insert(place, meta);
        }
    }

    /// Takes the oldest lines out into a segment of their own; both take no more than they need.
    pub(super) fn split_front(&mut self, count: usize) -> Self {
        let front = self.compact(0..count);
        *self = self.compact(count..self.len());
        front
    }

    fn compact(&self, range: std::ops::Range<usize>) -> Self {
        let metas = &self.metas[range];
        let sum = |size: fn(&Meta) -> usize| metas.iter().map(size).sum::<usize>();
        let mut out = Self {
            metas: Vec::with_capacity(metas.len()),
            text: String::with_capacity(sum(|meta| meta.text_len as usize)),
            ids: String::with_capacity(sum(|meta| usize::from(meta.id_len))),
            errors: 0,
        };
        for meta in metas {
            let line = self.line(meta);
            out.insert(&Fresh {
                key: line.key,
                group: line.group,
                level: line.level,
                stream: line.stream,
                lag_ms: line.lag_ms,
                text: line.text,
                id: line.id,
            });
        }
        out
    }

    /// Lines.
    pub fn len(&self) -> usize {
        self.metas.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty()
    }

    /// Lines that are errors.
    pub const fn errors(&self) -> u32 {
        self.errors
    }

    /// The keys of the lines that are errors, oldest first.
    pub(super) fn error_keys(&self) -> impl Iterator<Item = LineKey> {
        self.metas
            .iter()
            .filter(|meta| meta.level == Level::Error)
            .map(|meta| meta.key)
    }

    /// What it takes, bytes, overhead included.
    pub fn bytes(&self) -> usize {
        self.metas.capacity() * LINE_BYTES + self.text.capacity() + self.ids.capacity() + size_of::<Self>()
    }

    /// Text in it, bytes.
    pub(super) const fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// The oldest line.
    pub fn first(&self) -> Option<LineKey> {
        self.metas.first().map(|meta| meta.key)
    }

    /// The newest line.
    pub fn last(&self) -> Option<LineKey> {
        self.metas.last().map(|meta| meta.key)
    }

    /// The place of a line, or where it would be.
    pub(super) fn place(&self, key: LineKey) -> Result<usize, usize> {
        self.metas.binary_search_by_key(&key, |meta| meta.key)
    }

    /// The line at a place.
    pub fn at(&self, place: usize) -> Option<Line<'_>> {
        self.metas.get(place).map(|meta| self.line(meta))
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.metas.iter().map(|meta| self.line(meta))
    }

    fn line(&self, meta: &Meta) -> Line<'_> {
        Line {
            key: meta.key,
            group: meta.group,
            level: meta.level,
            lag_ms: meta.lag_ms,
            text: &self.text[meta.text as usize..][..meta.text_len as usize],
            id: &self.ids[meta.id as usize..][..usize::from(meta.id_len)],
            stream: meta.stream,
        }
    }
}
