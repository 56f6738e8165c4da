//! Runbooks: from text to a checked model, and the expressions in them.
//!
//! ```text
//! bytes ─► domain::document::yaml ─► decode ─► lint ─► model::Runbook ─► plan, machine
//!                    (tree with places)  (schema)  ▲
//!                                                  └── schema::Catalogue: what each action takes
//! ```
//!
//! - [`load()`] does all of it and reports every mistake of a file, and of the files that it uses, in
//!   one pass.
//! - [`model`] is what it gives: a [`model::Runbook`] is complete and consistent, or there is none.
//! - [`expr`] is the language of `when`, `for_each`, `until`, `that` and `${…}`; [`value`] and
//!   [`types`] are what it computes with.
//! - [`schema`] is what an action says about itself; [`facts`] is what expressions see of a resource.
//! - [`params`] turns what an operator gave into typed parameters.
//!
//! Everything here is pure: files, the environment and the time come from outside.

pub mod action;
pub mod actions;
mod asks;
mod catalogue;
pub mod check;
mod decode;
pub mod expr;
pub mod facts;
pub mod file;
pub mod json_schema;
mod lint;
mod load;
pub mod machine;
pub mod measure;
pub mod model;
pub mod observe;
pub mod params;
pub mod plan;
pub mod planner;
pub mod record;
pub mod reference;
pub mod schema;
pub mod shipped;
mod survey;
pub mod tell;
pub mod types;
pub mod value;

pub use asks::{Asks, asks_of};
pub use catalogue::catalogue;
pub use lint::global_names;
pub use load::{File, Found, Library, Loaded, MOST_NESTED, NoLibrary, Unusable, load};
