//! Load balancers with their target groups, queues, ways in and out, certificates, health checks.

mod balancers;
mod certificates;
mod gateways;
mod queues;

use crate::app::state::State;
use crate::app::table::{Section, Tone};

/// Target groups, load balancers, queues, NAT gateways, VPC endpoints, certificates, health checks.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let mut sections = vec![
        balancers::target_groups(state),
        balancers::load_balancers(state),
        queues::queues(state),
        gateways::nat_gateways(state),
    ];
    // What an estate does not have takes no line.
    let further = [
        gateways::endpoints(state),
        certificates::certificates(state),
        certificates::health_checks(state),
    ];
    sections.extend(
        further
            .into_iter()
            .filter(|section| !section.rows.is_empty() || is_trouble(section.note.as_ref())),
    );
    sections
}

/// Whether a note is about more than that something is being read, or is left out of this build.
fn is_trouble(note: Option<&(String, Tone)>) -> bool {
    note.is_some_and(|(_, tone)| *tone != Tone::Muted)
}
