//! quarterdeck: a terminal operations console for AWS with runbook automation.
//!
//! One engine over one port to a cloud, driven by a console, by commands that print, and by tests.
//!
//! ```text
//! schedule ──Query──► cloud::Cloud ──Reply──► Inventory ──► rules, changes, burn rate
//!    ▲                 aws │ demo                              │
//!    └──── Focus ──── app ◄──────────── Picture ◄──────────────┘
//!                      │                    └──► headless
//!                      └──► view
//! ```
//!
//! - [`domain`] is pure: the resources, [`domain::ops`] (what can be asked and changed, as data),
//!   [`domain::rules`] (what is wrong), prices, units, and the making safe of foreign text.
//! - [`runbook`] is pure: runbooks from text to a checked model, their expressions and actions.
//! - [`config`] is pure: estate files, settings, keys and themes, from text to values.
//! - [`cloud`] is the port. [`cloud::demo`] simulates estates; `cloud::aws` (feature `aws`) is the
//!   only place that names a type of the SDK.
//! - [`engine`] runs: the collector asks what [`engine::schedule`] wants, at its cadence and within
//!   the rate budgets, and publishes a [`domain::picture::Picture`] of one moment. It knows no
//!   terminal.
//! - [`app`] is pure: the console as a value. `update(&mut State, Msg)` gives effects, does no I/O
//!   and reads no clock.
//! - [`view`] draws a state and says how large things came out. It neither awaits nor changes.
//! - [`console`] is the loop around these three: terminal, input, effects.
//! - [`headless`] prints what the engine found and ends with an exit code.
//! - [`cli`] turns arguments into one of the two.
//!
//! What holds everywhere:
//!
//! - Imports go one way; a test holds them. Pure layers see no file, environment, network, process,
//!   thread, clock or system time zone: time is an argument.
//! - Two clocks: the cloud's, which the demo runs faster, and the wall's, which is the user's.
//! - A value, the question under way and the failures since are kept apart
//!   ([`domain::loadable::Loadable`]): an error never blanks what was known.
//! - Unknown is `None`, `null` and `–`, never 0.
//! - Ids carry their scope, one account and region; selections hold ids, never positions.
//! - Nothing is changed but through [`domain::ops::Mutation`], which read-only mode refuses in the
//!   adapter before anything is sent.
//!
//! `ARCHITECTURE.md` has the reasons, and how to add a family, a rule or a pane.

pub mod app;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod console;
pub mod domain;
pub mod engine;
pub mod headless;
pub mod runbook;
pub mod view;
