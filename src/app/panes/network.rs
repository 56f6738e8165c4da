//! Load balancers with their target groups, queues, ways in and out, certificates, health checks.

mod balancers;
mod certificates;
mod gateways;
mod queues;

use crate::app::state::State;
use crate::app::table::Section;

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
            .filter(|section| !section.rows.is_empty() || section.note.is_some()),
    );
    sections
}
