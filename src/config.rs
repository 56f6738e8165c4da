//! What people may write down: estate files, settings, themes and keys. Text comes in, checked
//! values and reports of every mistake go out; files and environment are read elsewhere.

pub mod estate;
pub mod keys;
mod regions;
mod schema;
pub mod settings;
mod text;
pub mod theme;
pub mod toml;
pub mod yaml;

pub use text::MOST_BYTES;
