//! What drawing found out: how large things are. It comes back as a message and is the only
//! source of page sizes.

/// The measures of the last frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Geometry {
    /// Terminal columns.
    pub width: u16,
    /// Terminal rows.
    pub height: u16,
    /// Rows of the body that show a pane's lines.
    pub body: u16,
    /// Columns of the body.
    pub body_width: u16,
}

/// The smallest terminal that the console draws on.
pub const LEAST: (u16, u16) = (80, 24);
