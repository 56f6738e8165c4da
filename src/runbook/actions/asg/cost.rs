//! What instances of a group cost.

use crate::domain::asg::{Group, Mix};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ops::{Query, ec2};
use crate::runbook::action::{CostDelta, Site, View};

/// What those of these instances cost that are Spot has to be asked; nothing where none is.
pub fn spot_query<'v>(instances: impl IntoIterator<Item = &'v Instance>) -> Option<Query> {
    let mut types: Vec<String> = instances
        .into_iter()
        .filter(|instance| instance.purchase == Purchase::Spot)
        .map(|instance| instance.instance_type.clone())
        .collect();
    types.sort_unstable();
    types.dedup();
    (!types.is_empty()).then_some(Query::Ec2(ec2::Read::SpotPrices { types }))
}

/// The same for the members of a group.
pub(super) fn spot_query_of(group: &str, view: &View) -> Vec<Query> {
    let Ok(Some(group)) = view.group(group) else {
        return Vec::new();
    };
    let members = group
        .instances
        .iter()
        .filter_map(|member| view.instance(&member.id).ok()?);
    let own = spot_query(members);
    let launched = group.mix.filter(|mix| mix.has_spot()).and_then(|_| {
        let [one] = group.instance_types.as_slice() else {
            return None;
        };
        Some(Query::Ec2(ec2::Read::SpotPrices {
            types: vec![one.clone()],
        }))
    });
    own.or(launched).into_iter().collect()
}

/// What `count` more (or, if negative, fewer) instances of a group do to the bill. Which instances go
/// is the group's choice, so it is known only if that leaves no choice, or if all are of one type and paid
/// for in one way.
pub(in crate::runbook::actions) fn of(group: &Group, count: i64, view: &View, site: &Site<'_>) -> CostDelta {
    if count == 0 {
        return CostDelta::None;
    }
    let unknown = |why: &str| CostDelta::Unknown(why.to_owned());
    if group.weighted {
        return unknown("capacity units of the group are not instances");
    }
    // Scale-in spares what is protected: where all others go, it is known which those are.
    let all = || group.instances.iter();
    let loose: Vec<_> = all().filter(|member| !member.protected).collect();
    for going in [loose, all().collect()] {
        if count < 0 && going.len() as u64 == count.unsigned_abs() {
            return going
                .into_iter()
                .map(|member| of_member(&member.id, view, site))
                .fold(CostDelta::None, CostDelta::plus);
        }
    }
    if let Some(mix) = group.mix.filter(|mix| mix.has_spot()) {
        return of_mix(group, mix, count, view, site);
    }
    let mut types: Vec<&str> = group
        .instances
        .iter()
        .filter_map(|instance| instance.instance_type.as_deref())
        .collect();
    if types.is_empty() {
        types = group.instance_types.iter().map(String::as_str).collect();
    }
    types.sort_unstable();
    types.dedup();
    let &[instance_type] = types.as_slice() else {
        return unknown("the group has instances of several types");
    };
    let mut purchases: Vec<Purchase> = group
        .instances
        .iter()
        .filter_map(|member| view.instance(&member.id).ok()?.map(|instance| instance.purchase))
        .collect();
    purchases.sort_unstable();
    purchases.dedup();
    match purchases.as_slice() {
        [Purchase::OnDemand] => {
            CostDelta::of(site.prices.ec2(site.region, instance_type), count, instance_type)
        }
        [Purchase::Spot] => CostDelta::of(
            site.spot_price(view, instance_type, None),
            count,
            &format!("{instance_type} (Spot)"),
        ),
        [Purchase::CapacityBlock] => {
            unknown("the instances are of a Capacity Block, which is paid for anyway")
        }
        [] => unknown("no instance shows how the group pays for them"),
        _ => unknown("the group has instances that are paid for in several ways"),
    }
}

/// The same of a group whose policy mixes: what members are paid for now says little of the next ones.
fn of_mix(group: &Group, mix: Mix, count: i64, view: &View, site: &Site<'_>) -> CostDelta {
    let unknown = |why: String| CostDelta::Unknown(why);
    let [one] = group.instance_types.as_slice() else {
        return unknown(format!(
            "the group takes {} as AWS has them, on demand and Spot",
            group.instance_types.join(" or ")
        ));
    };
    let then = u32::try_from(i64::from(group.desired) + count).unwrap_or(0);
    let (Some(before), Some(after)) = (mix.on_demand_of(group.desired), mix.on_demand_of(then)) else {
        return unknown("which of them are on demand and which Spot is not told as one share".to_owned());
    };
    let on_demand = i64::from(after) - i64::from(before);
    let spot = count - on_demand;
    let of_spot = if spot == 0 {
        CostDelta::None
    } else {
        CostDelta::of(site.spot_price(view, one, None), spot, &format!("{one} (Spot)"))
    };
    let of_list = if on_demand == 0 {
        CostDelta::None
    } else {
        CostDelta::of(site.prices.ec2(site.region, one), on_demand, one)
    };
    of_list.plus(of_spot)
}

/// What the end of one instance does to the bill.
pub(super) fn of_member(id: &str, view: &View, site: &Site<'_>) -> CostDelta {
    let Ok(Some(instance)) = view.instance(id) else {
        return CostDelta::Unknown(format!("{id} is not listed among the instances"));
    };
    let what = &instance.instance_type;
    match instance.purchase {
        Purchase::OnDemand => CostDelta::of(site.prices.ec2(site.region, what), -1, what),
        Purchase::Spot => CostDelta::of(
            site.spot_price(view, what, Some(&instance.zone)),
            -1,
            &format!("{what} (Spot)"),
        ),
        Purchase::CapacityBlock => CostDelta::Unknown("a Capacity Block is paid for anyway".to_owned()),
    }
}
