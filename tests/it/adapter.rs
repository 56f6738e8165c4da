//! The AWS adapter against a server of this process that answers what each test tells it to.

mod cbor;
mod credentials;
mod data;
mod failures;
mod fixture;
mod fleet;
mod groups;
mod hosts;
mod identity;
mod probe;
mod server;
mod writes;
