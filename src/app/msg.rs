//! What can happen to the console.

use std::sync::Arc;

use jiff::Timestamp;

use crate::app::geometry::Geometry;
use crate::app::incident::IncidentMsg;
use crate::app::logs::LogsMsg;
use crate::app::runs::RunsMsg;
use crate::config::keys::Chord;
use crate::domain::picture::Picture;

/// Something that happened: a key, a picture, a line of a log, the end of something that an [`Effect`] began.
///
/// [`Effect`]: crate::app::effect::Effect
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted.
    Paste(String),
    /// The collector knows more.
    Picture(Arc<Picture>),
    /// A frame was drawn.
    Drawn(Geometry),
    /// Time has passed, by the wall clock.
    Tick(Timestamp),
    /// Writes are allowed until then, or no longer.
    WritesAllowed(Option<Timestamp>),
    /// The terminal has another size: what was on screen no longer is.
    Resized,
    /// Log lines, or something about them.
    Logs(LogsMsg),
    /// Something about runbooks and runs.
    Runs(RunsMsg),
    /// Something about the record of an incident.
    Incident(IncidentMsg),
    /// Something that was to be done went wrong or well; say so.
    Said(String, crate::app::table::Tone),
}
