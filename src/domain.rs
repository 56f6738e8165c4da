//! What quarterdeck knows about AWS, as plain values: resource families, the reads and writes that
//! can be asked of a cloud, health rules and prices. Pure: no I/O, no clock, no randomness.

pub mod alarm;
pub mod asg;
pub mod changes;
pub mod cost;
pub mod datastore;
pub mod diagnostic;
pub mod document;
pub mod ec2;
pub mod ecs;
pub mod elb;
pub mod fault;
pub mod focus;
pub mod glob;
pub mod gpu;
pub mod health;
pub mod ids;
pub mod inventory;
pub mod loadable;
pub mod logs;
pub mod meter;
pub mod metric;
pub mod metric_catalog;
pub mod numbers;
pub mod ops;
pub mod picture;
pub mod policy;
pub mod price;
pub mod queue;
pub mod rules;
pub mod scope;
pub mod sensitive;
pub mod ssm;
pub mod text;
pub mod trail;
pub mod units;
