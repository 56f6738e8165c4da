//! Auto Scaling groups, instances, and the gateways that these go through.

use jiff::Timestamp;

use super::{Collecting, each, fixed};
use crate::config::settings::Cadences;
use crate::domain::inventory::Source;
use crate::domain::ops::{Query, autoscaling, ec2};

/// What is asked of groups and instances.
pub(super) fn wants(collect: &mut Collecting<'_>, since: Timestamp) {
    let Cadences { instances_s, .. } = collect.wishes.cadences;
    let groups = Query::AutoScaling(autoscaling::Read::Groups);
    collect.want(Source::Groups, groups, each(instances_s, 1, 2), ());
    let activities = Query::AutoScaling(autoscaling::Read::Activities { since });
    collect.want(Source::Activities, activities, each(instances_s, 2, 4), ());
    // Who has no group has no policy, and saves the call and the permission.
    let known = collect.state.groups.get();
    if known.is_some_and(|groups| !groups.is_empty()) {
        let policies = Query::AutoScaling(autoscaling::Read::Policies);
        collect.want(Source::GroupPolicies, policies, fixed(300, 900), ());
    }
    let instances = Query::Ec2(ec2::Read::Instances);
    collect.want(Source::Instances, instances, each(instances_s, 1, 2), ());
    let gateways = Query::Ec2(ec2::Read::NatGateways);
    collect.want(Source::NatGateways, gateways, fixed(300, 900), ());
}
