//! Runbooks in the console: what is offered, what confirms and what does not, what runs show.

mod confirming;
mod desk;
mod looking;
mod offering;
mod screens;
mod terminal;
