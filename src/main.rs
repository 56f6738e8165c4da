//! `qd`: arguments → console or command → exit code.

fn main() {}
