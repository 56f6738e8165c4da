//! The AWS adapter against a server of this process that answers what each test tells it to.

mod cbor;
mod credentials;
mod data;
mod failures;
mod fixture;
mod fleet;
#[cfg(feature = "aws-extra")]
mod functions;
mod groups;
mod hosts;
mod identity;
#[cfg(feature = "aws-extra")]
mod models;
mod probe;
mod scaling;
mod server;
mod writes;
