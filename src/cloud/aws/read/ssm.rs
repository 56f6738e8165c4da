//! Reads of Systems Manager: registered hosts, and the GPU probe on them.

mod command;
mod convert;
mod probe;

use aws_sdk_ssm::types::InstanceInformationStringFilter;

use super::listing::{reply, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::domain::fault::Fault;
use crate::domain::ops::ssm::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::ssm::ManagedHost;

const PARAMETERS: Operation = Operation::new("ssm", "DescribeParameters");
const HOSTS: Operation = Operation::new("ssm", "DescribeInstanceInformation");

/// The most hosts on a page, in one filter and in one command; unasked a page has ten.
const HOSTS_AT_ONCE: usize = 50;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Hosts => {
            let mut listed = hosts(caller, None).await?;
            listed.items.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
            Ok(reply(listed, ReplyData::ManagedHosts))
        }
        Read::Parameters => parameters(caller).await,
        Read::Command {
            document,
            instance,
            id,
            since,
        } => {
            let wanted = command::Wanted {
                document,
                instance,
                since: *since,
            };
            let found = command::find(caller, &wanted, id.clone()).await?;
            Ok(Reply::whole(ReplyData::Command(found)))
        }
        Read::GpuProbe { instances, document } => probe::probe(caller, instances, document.as_deref()).await,
        Read::GpuSamples {
            instances,
            samples,
            gap_s,
        } => probe::samples(caller, instances, (*samples, *gap_s)).await,
    }
}

/// Names and ages of parameters; there is no call here that brings a value.
async fn parameters(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .ssm()
            .describe_parameters()
            .max_results(50)
            .set_next_token(token);
        let page = caller.call(PARAMETERS, call.send()).await?;
        Ok(Page {
            items: page
                .parameters()
                .iter()
                .filter_map(convert::parameter_from_sdk)
                .collect::<Vec<_>>(),
            next: page.next_token,
        })
    })
    .await?;
    listed.items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(reply(listed, ReplyData::Parameters))
}

/// Those of the instances named that have registered.
async fn registered(
    caller: &Caller<'_>,
    instances: &[String],
) -> Result<(Vec<ManagedHost>, Vec<Fault>), Fault> {
    let chunks: Vec<Vec<String>> = instances.chunks(HOSTS_AT_ONCE).map(<[String]>::to_vec).collect();
    some(each(chunks, |chunk| hosts(caller, Some(chunk))).await)
}

/// All registered hosts, or those of these instances.
async fn hosts(caller: &Caller<'_>, instances: Option<Vec<String>>) -> Result<Paged<ManagedHost>, Fault> {
    let filter = instances.map(|ids| {
        vec![
            InstanceInformationStringFilter::builder()
                .key("InstanceIds")
                .set_values(Some(ids))
                .build()
                .expect("key and values are given"),
        ]
    });
    pages(|token| {
        let call = caller
            .ssm()
            .describe_instance_information()
            .set_filters(filter.clone())
            .max_results(50)
            .set_next_token(token);
        async move {
            let page = caller.call(HOSTS, call.send()).await?;
            Ok(Page {
                items: page
                    .instance_information_list()
                    .iter()
                    .filter_map(convert::host_from_sdk)
                    .collect(),
                next: page.next_token,
            })
        }
    })
    .await
}
