//! What people may write down: estate files, settings, themes and keys. Text comes in, checked
//! values and reports of every mistake go out; files and environment are read elsewhere.

pub mod estate;
pub mod keys;
mod regions;
mod schema;
pub mod settings;
pub mod theme;
pub mod toml;

pub use crate::domain::document::text::MOST_BYTES;
pub use crate::domain::document::yaml;
