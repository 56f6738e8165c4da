//! Reads of Amazon EC2: instances, what their types have, Spot prices, NAT gateways.

mod convert;

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, InstanceType, Reservation};

use super::listing::{reply, some};
use crate::cloud::aws::caller::{Caller, Page, each, pages};
use crate::cloud::aws::convert::date_time;
use crate::cloud::aws::memory::Recalled;
use crate::domain::ec2::SpotPrice;
use crate::domain::fault::Fault;
use crate::domain::ops::ec2::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const INSTANCES: Operation = Operation::new("ec2", "DescribeInstances");
const INSTANCE_TYPES: Operation = Operation::new("ec2", "DescribeInstanceTypes");
const SPOT_PRICES: Operation = Operation::new("ec2", "DescribeSpotPriceHistory");
const NAT_GATEWAYS: Operation = Operation::new("ec2", "DescribeNatGateways");
const VPC_ENDPOINTS: Operation = Operation::new("ec2", "DescribeVpcEndpoints");

/// The most that AWS puts on a page of these lists.
const PAGE: i32 = 1000;
/// The most instance types on a page, so also the most to ask about at once.
const TYPES: usize = 100;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Instances => instances(caller).await,
        Read::InstanceTypes { types } => instance_types(caller, types).await,
        Read::SpotPrices { types } => spot_prices(caller, types).await,
        Read::NatGateways => nat_gateways(caller).await,
        Read::VpcEndpoints => vpc_endpoints(caller).await,
    }
}

async fn instances(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .ec2()
            .describe_instances()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(INSTANCES, call.send()).await?;
        Ok(Page {
            items: page
                .reservations()
                .iter()
                .flat_map(Reservation::instances)
                .filter_map(convert::instance_from_sdk)
                .collect(),
            next: page.next_token,
        })
    })
    .await?;
    listed.items.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(reply(listed, ReplyData::Instances))
}

/// Each type is asked about once in the life of the process: hardware does not change.
async fn instance_types(caller: &Caller<'_>, types: &[String]) -> Result<Reply, Fault> {
    let memory = caller.clients().memory();
    let mut unknown: Vec<String> = types
        .iter()
        .filter(|name| memory.gpus(name) == Recalled::Nothing)
        .cloned()
        .collect();
    unknown.sort();
    unknown.dedup();
    let chunks: Vec<Vec<String>> = unknown.chunks(TYPES).map(<[String]>::to_vec).collect();
    let answers = each(chunks, |names| async move {
        pages(|token| {
            // By filter: a name that this region does not offer would fail a call by names.
            let filter = Filter::builder()
                .name("instance-type")
                .set_values(Some(names.clone()))
                .build();
            let call = caller
                .ec2()
                .describe_instance_types()
                .filters(filter)
                .set_next_token(token);
            async move {
                let page = caller.call(INSTANCE_TYPES, call.send()).await?;
                Ok(Page {
                    items: page.instance_types.unwrap_or_default(),
                    next: page.next_token,
                })
            }
        })
        .await
    })
    .await;
    let (found, gaps) = some(answers)?;
    for info in &found {
        if let Some(name) = info.instance_type() {
            memory.keep_gpus(name.as_str().to_owned(), convert::gpus_from_sdk(info));
        }
    }
    let mut gpus: Vec<_> = types
        .iter()
        .filter_map(|name| match memory.gpus(name) {
            Recalled::With(gpus) => Some(gpus),
            Recalled::Without | Recalled::Nothing => None,
        })
        .collect();
    gpus.sort_by(|a, b| a.instance_type.cmp(&b.instance_type));
    gpus.dedup();
    Ok(Reply {
        data: ReplyData::InstanceTypes(gpus),
        gaps,
    })
}

/// The prices that hold now: AWS gives the last change before the span that is asked for too.
async fn spot_prices(caller: &Caller<'_>, types: &[String]) -> Result<Reply, Fault> {
    if types.is_empty() {
        // Without types AWS would list every one there is.
        return Ok(Reply::whole(ReplyData::SpotPrices(Vec::new())));
    }
    let now = date_time(caller.host().now());
    let types: Vec<InstanceType> = types
        .iter()
        .map(|name| InstanceType::from(name.as_str()))
        .collect();
    let listed = pages(|token| {
        let call = caller
            .ec2()
            .describe_spot_price_history()
            .set_instance_types(Some(types.clone()))
            .product_descriptions("Linux/UNIX")
            .start_time(now)
            .end_time(now)
            .max_results(PAGE)
            .set_next_token(token);
        async move {
            let page = caller.call(SPOT_PRICES, call.send()).await?;
            Ok(Page {
                items: page
                    .spot_price_history()
                    .iter()
                    .filter_map(convert::spot_price_from_sdk)
                    .collect::<Vec<SpotPrice>>(),
                next: page.next_token,
            })
        }
    })
    .await?;
    let mut newest: BTreeMap<(String, String), SpotPrice> = BTreeMap::new();
    for price in listed.items {
        let key = (price.instance_type.clone(), price.zone.clone());
        if newest.get(&key).is_none_or(|known| known.at < price.at) {
            newest.insert(key, price);
        }
    }
    Ok(Reply {
        data: ReplyData::SpotPrices(newest.into_values().collect()),
        gaps: listed.gap.into_iter().collect(),
    })
}

async fn nat_gateways(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .ec2()
            .describe_nat_gateways()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(NAT_GATEWAYS, call.send()).await?;
        Ok(Page {
            items: page
                .nat_gateways()
                .iter()
                .filter_map(convert::nat_gateway_from_sdk)
                // They stay listed for an hour or so.
                .filter(|gateway| gateway.state != "deleted")
                .collect::<Vec<_>>(),
            next: page.next_token,
        })
    })
    .await?;
    listed.items.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(reply(listed, ReplyData::NatGateways))
}

async fn vpc_endpoints(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .ec2()
            .describe_vpc_endpoints()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(VPC_ENDPOINTS, call.send()).await?;
        Ok(Page {
            items: page
                .vpc_endpoints()
                .iter()
                .filter_map(convert::vpc_endpoint_from_sdk)
                .filter(|endpoint| !endpoint.state.eq_ignore_ascii_case("deleted"))
                .collect::<Vec<_>>(),
            next: page.next_token,
        })
    })
    .await?;
    listed.items.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(reply(listed, ReplyData::VpcEndpoints))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Instances.operations(), [INSTANCES]);
        let types = Vec::new();
        assert_eq!(Read::InstanceTypes { types }.operations(), [INSTANCE_TYPES]);
        let types = Vec::new();
        assert_eq!(Read::SpotPrices { types }.operations(), [SPOT_PRICES]);
        assert_eq!(Read::NatGateways.operations(), [NAT_GATEWAYS]);
        assert_eq!(Read::VpcEndpoints.operations(), [VPC_ENDPOINTS]);
    }
}
