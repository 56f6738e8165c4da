//! Actions on GPU fleets: the evening, the morning, and one host at a time.

mod drain;
mod idle;
mod morning;
mod night;

use crate::domain::asg::Group;
use crate::domain::ec2::{Instance, foreign_owner};
use crate::domain::ids::Tag;
use crate::runbook::action::View;

use super::script::{Composed, Draft};

pub(super) use idle::AwaitIdle;
pub(super) use morning::refill;
pub(in crate::runbook) use morning::{instance_in, stopped_at};

/// `gpu.night_down`.
pub(super) const NIGHT_DOWN: Composed<night::NightDown> = Composed::new("gpu.night_down", night::NightDown);

/// `gpu.morning_up`.
pub(super) const MORNING_UP: Composed<morning::MorningUp> =
    Composed::new("gpu.morning_up", morning::MorningUp);

/// `gpu.drain`.
pub(super) const DRAIN: Composed<drain::Drain> = Composed::new("gpu.drain", drain::Drain);

/// The tag that says what was there in the evening.
pub(in crate::runbook) const NIGHT: &str = crate::domain::asg::NIGHT_TAG;

/// Who runs a group beside people, by its own tags or those of its instances.
pub(super) fn owner_of_group(group: &Group, view: &View) -> Option<&'static str> {
    foreign_owner(&group.tags).or_else(|| {
        group
            .instances
            .iter()
            .find_map(|member| view.instance(&member.id).ok()??.foreign_owner())
    })
}

/// The instances of a group that have not begun to end.
fn members<'v>(group: &Group, view: &'v View) -> Vec<&'v Instance> {
    group
        .instances
        .iter()
        .filter(|member| !member.lifecycle.starts_with("Terminat"))
        .filter_map(|member| view.instance(&member.id).ok().flatten())
        .collect()
}

/// What people call an instance.
fn name(instance: &Instance) -> &str {
    instance.name.as_deref().unwrap_or(&instance.id)
}

/// An instance with its name and id, for messages.
fn named(instance: &Instance) -> String {
    match instance.name.as_deref() {
        Some(name) if name != instance.id => format!("{} ({name})", instance.id),
        _ => instance.id.clone(),
    }
}

/// Whether something is none of the estate's, which is then said.
fn is_foreign(name: &str, own: &[Tag], draft: &mut Draft<'_>) -> bool {
    let pairs = own.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let is_foreign = !draft.site.decisions.selection.includes(name, pairs);
    if is_foreign {
        draft.skip(format!("{name} is not of the estate"));
    }
    is_foreign
}
