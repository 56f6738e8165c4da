//! The console as a value: its state, what can happen to it, and what it wants done. Pure: no
//! terminal, no I/O, no clock. `update` takes a message and gives effects; the view reads.

pub mod changes;
pub mod command;
pub mod detail;
pub mod effect;
pub mod estate_line;
pub mod format;
pub mod geometry;
pub mod help;
pub mod incident;
pub mod line;
pub mod link;
pub mod logs;
pub mod msg;
pub mod notice;
pub mod open;
pub mod overlay;
pub mod pane;
pub mod panes;
pub mod places;
pub mod runs;
pub mod state;
pub mod table;
pub mod tables;
pub mod theme;
pub mod trouble;
pub mod update;
