//! Changes of Lambda functions and of EKS node groups.

use super::super::sim::Sim;
use super::super::sim::function::ACCOUNT_LIMIT;
use super::{Refusal, check_tags, record};
use crate::domain::fault::Fault;
use crate::domain::ops::{eks, lambda};

/// What AWS leaves to functions without a reservation at the least.
const LEAST_UNRESERVED: u32 = 100;

/// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html>
pub fn lambda(sim: &mut Sim, write: &lambda::Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let now = sim.now;
    let name = match write {
        lambda::Write::RouteAlias { function, .. }
        | lambda::Write::PutConcurrency { function, .. }
        | lambda::Write::DeleteConcurrency { function } => function.clone(),
        lambda::Write::PutTags { function, .. } | lambda::Write::DeleteTags { function, .. } => {
            crate::domain::ids::last_segment(function).to_owned()
        }
    };
    let index = sim.find_function(&name).ok_or_else(|| {
        refuse.absent(
            "ResourceNotFoundException",
            format!(
                "Function not found: {}",
                sim.plan.arn("lambda", &format!("function:{name}"))
            ),
        )
    })?;
    match write {
        lambda::Write::RouteAlias { alias, from, to, .. } => {
            if *alias != sim.plan.functions[index].alias {
                return Err(refuse.absent(
                    "ResourceNotFoundException",
                    format!("Cannot find alias arn: {name}:{alias}"),
                ));
            }
            let function = &sim.functions[index];
            if function.route(now) != Some(from) {
                return Err(refuse.conflict(
                    "PreconditionFailedException",
                    "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId",
                ));
            }
            let versions = std::iter::once(&to.version).chain(to.weights.keys());
            for version in versions {
                if function.version(version).is_none() {
                    return Err(refuse.absent(
                        "ResourceNotFoundException",
                        format!("Function not found: {name}:{version}"),
                    ));
                }
            }
            sim.functions[index].routes.push((now, to.clone()));
        }
        lambda::Write::PutConcurrency { reserved, .. } => {
            let others: u32 = sim
                .functions
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .filter_map(|(_, function)| function.reserved_at(now))
                .sum();
            if others + reserved > ACCOUNT_LIMIT - LEAST_UNRESERVED {
                return Err(refuse.invalid(
                    "InvalidParameterValueException",
                    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
                ));
            }
            sim.functions[index].reserved.push((now, Some(*reserved)));
        }
        lambda::Write::DeleteConcurrency { .. } => sim.functions[index].reserved.push((now, None)),
        lambda::Write::PutTags { tags, .. } => {
            check_tags(tags, refuse)?;
            for tag in tags {
                sim.functions[index]
                    .tags
                    .insert(tag.key.clone(), tag.value.clone());
            }
        }
        lambda::Write::DeleteTags { keys, .. } => {
            sim.functions[index].tags.retain(|key, _| !keys.contains(key));
        }
    }
    record(sim, refuse, &[&name]);
    Ok(None)
}

/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html>
pub fn eks(sim: &mut Sim, write: &eks::Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let eks::Write::ScaleNodegroup {
        cluster,
        nodegroup,
        min,
        max,
        desired,
    } = write;
    let (_, group) = sim.find_nodegroup(cluster, nodegroup).ok_or_else(|| {
        refuse.absent(
            "ResourceNotFoundException",
            format!("No node group found for name: {nodegroup}."),
        )
    })?;
    if *max == 0 || min > max || !(min..=max).contains(&desired) {
        return Err(refuse.invalid(
            "InvalidParameterException",
            format!("desired capacity {desired} must be between minimum {min} and maximum {max}"),
        ));
    }
    if sim.is_updating(cluster, nodegroup) {
        return Err(refuse.conflict(
            "ResourceInUseException",
            format!("Nodegroup cannot be updated as it is currently not in Active State: {nodegroup}"),
        ));
    }
    let key = (cluster.clone(), nodegroup.clone());
    let id = sim.resize_nodegroup(key, group, (*min, *max, *desired));
    record(sim, refuse, &[nodegroup, cluster]);
    Ok(Some(id))
}
