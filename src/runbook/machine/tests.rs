//! The machine against a small cloud of its own: groups of instances, an alarm, an identity.

mod blocks;
mod cases;
mod crash;
mod driver;
mod flow;
mod trouble;
mod world;

pub use world::World;

use super::Summary;
use crate::runbook::plan::Plan;
use crate::runbook::record::Moment;
use driver::{Driver, Planned, StepSpec, capacity};

/// When every test begins.
pub fn moment() -> Moment {
    World::new(&[]).moment()
}

/// Two groups that go down.
pub fn sample_plan() -> Plan {
    let lanes = vec![capacity("a", 0), capacity("b", 0)];
    Planned::new(vec![StepSpec::new("down", "asg.set_capacity", lanes)]).plan(&mut World::new(&["a", "b"]))
}

/// The journal of a run of it.
pub fn sample_journal() -> String {
    let mut world = World::new(&["a", "b"]);
    let mut driver = Driver::new(sample_plan(), &world);
    driver.drive(&mut world).expect("it does not die");
    driver.journal.clone()
}

/// Runs a plan to its end.
pub fn run(plan: Plan, world: &mut World) -> Summary {
    Driver::new(plan, world).drive(world).expect("it does not die")
}
