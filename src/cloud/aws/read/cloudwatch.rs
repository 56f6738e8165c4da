//! Reads of CloudWatch: alarms, their history, metric values, and the GPU metrics there are.

mod alarms;
mod metrics;

#[cfg(feature = "aws-extra")]
pub(super) use metrics::values;

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{Metric, RecentlyActive};

use super::listing::some;
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::domain::fault::Fault;
use crate::domain::metric::{MetricId, Stat};
use crate::domain::ops::cloudwatch::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST_METRICS: Operation = Operation::new("cloudwatch", "ListMetrics");

/// The namespace and the metrics of the CloudWatch agent's section `nvidia_gpu`.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-NVIDIA-GPU.html>
const AGENT_NAMESPACE: &str = "CWAgent";
const AGENT_METRICS: [&str; 5] = [
    "nvidia_smi_utilization_gpu",
    "nvidia_smi_memory_used",
    "nvidia_smi_memory_total",
    "nvidia_smi_power_draw",
    "nvidia_smi_temperature_gpu",
];

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Alarms => alarms::alarms(caller).await,
        Read::AlarmHistory { since } => alarms::history(caller, *since).await,
        Read::Metrics { specs } => metrics::values(caller, specs).await,
        Read::GpuMetricList => gpu_metrics(caller).await,
    }
}

/// The metrics of that name that had a value in the last two weeks.
#[cfg(feature = "aws-extra")]
pub(super) async fn listed(
    caller: &Caller<'_>,
    namespace: &str,
    name: &str,
) -> Result<Paged<MetricId>, Fault> {
    let Paged { items, gap } = named_metrics(caller, (namespace, name), None).await?;
    Ok(Paged {
        items: items.iter().filter_map(metric_from_sdk).collect(),
        gap,
    })
}

async fn gpu_metrics(caller: &Caller<'_>) -> Result<Reply, Fault> {
    // One list for each name: the namespace as a whole also has each disk and CPU of each host.
    // Without a limit the hosts of the last two weeks are listed, most of them gone.
    let answers = each(AGENT_METRICS, |name| {
        named_metrics(caller, (AGENT_NAMESPACE, name), Some(RecentlyActive::Pt3H))
    })
    .await;
    let (found, gaps) = some(answers)?;
    let unique: BTreeSet<MetricId> = found.iter().filter_map(metric_from_sdk).collect();
    Ok(Reply {
        data: ReplyData::MetricList(unique.into_iter().collect()),
        gaps,
    })
}

async fn named_metrics(
    caller: &Caller<'_>,
    (namespace, name): (&str, &str),
    active: Option<RecentlyActive>,
) -> Result<Paged<Metric>, Fault> {
    let active = &active;
    pages(|token| async move {
        let call = caller
            .cloudwatch()
            .list_metrics()
            .namespace(namespace)
            .metric_name(name)
            .set_recently_active(active.clone())
            .set_next_token(token);
        let page = caller.call(LIST_METRICS, call.send()).await?;
        Ok(Page {
            items: page.metrics.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

/// A metric that exists; `None` if it has no namespace or name.
fn metric_from_sdk(metric: &Metric) -> Option<MetricId> {
    Some(MetricId {
        namespace: metric.namespace()?.to_owned(),
        name: metric.metric_name()?.to_owned(),
        dimensions: alarms::dimensions_from_sdk(metric.dimensions()),
        stat: Stat::Average,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::Dimension;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let since = jiff::Timestamp::UNIX_EPOCH;
        let values = Read::Metrics { specs: Vec::new() };
        assert_eq!(Read::Alarms.operations(), [alarms::ALARMS]);
        assert_eq!(Read::AlarmHistory { since }.operations(), [alarms::HISTORY]);
        assert_eq!(values.operations(), [metrics::DATA]);
        assert_eq!(Read::GpuMetricList.operations(), [LIST_METRICS]);
    }

    #[test]
    fn a_metric_of_the_agent_keeps_its_dimensions() {
        let sdk = Metric::builder()
            .namespace(AGENT_NAMESPACE)
            .metric_name("nvidia_smi_power_draw")
            .dimensions(Dimension::builder().name("InstanceId").value("i-0abc").build())
            .dimensions(Dimension::builder().name("index").value("0").build())
            .build();
        assert_eq!(
            metric_from_sdk(&sdk),
            Some(MetricId::new(
                "CWAgent",
                "nvidia_smi_power_draw",
                &[("InstanceId", "i-0abc"), ("index", "0")],
                Stat::Average
            ))
        );
        assert_eq!(metric_from_sdk(&Metric::builder().build()), None);
    }
}
