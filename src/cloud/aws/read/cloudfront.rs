//! Reads of Amazon CloudFront: distributions, invalidations, and metrics, which are in us-east-1.

use aws_sdk_cloudfront::types::{
    DistributionList, DistributionSummary, Invalidation as SdkInvalidation, InvalidationBatch,
    InvalidationList, InvalidationSummary as SdkSummary, Origins, ViewerCertificate,
};
use jiff::Timestamp;

use super::cloudwatch;
use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{text, timestamp};
use crate::domain::distribution::{Distribution, Invalidation, InvalidationSummary};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::cloudfront::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST: Operation = Operation::new("cloudfront", "ListDistributions");
const INVALIDATIONS: Operation = Operation::new("cloudfront", "ListInvalidations");
const INVALIDATION: Operation = Operation::new("cloudfront", "GetInvalidation");

/// The most that AWS puts on a page.
const PAGE: i32 = 100;
/// How many of the newest invalidations are looked at.
const NEWEST: i32 = 20;
/// Where CloudFront's metrics and certificates are.
pub(super) const HOME: &str = "us-east-1";

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Distributions => distributions(caller).await,
        Read::Invalidations { distribution, since } => invalidations(caller, distribution, *since).await,
        Read::Metrics { specs } => cloudwatch::values(&caller.in_region(Some(HOME)), specs).await,
    }
}

async fn distributions(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items, gap } = listed(caller).await?;
    let answers = each(items, |mut found| async move {
        let newest = newest(caller, &found.id).await;
        (
            match newest {
                Ok(list) => {
                    found.invalidations = Some(summaries_from_sdk(&list));
                    Ok(())
                }
                Err(fault) => Err(of_part(fault, &found.id)),
            },
            found,
        )
    })
    .await;
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    let mut distributions = Vec::new();
    for (invalidations, found) in answers {
        match invalidations {
            Err(fault) if fault.kind == FaultKind::NotFound => continue,
            Err(fault) => gaps.push(fault),
            Ok(()) => {}
        }
        distributions.push(found);
    }
    distributions.sort_by(|a, b| a.name().cmp(b.name()).then_with(|| a.id.cmp(&b.id)));
    Ok(Reply {
        data: ReplyData::Distributions(distributions),
        gaps,
    })
}

async fn listed(caller: &Caller<'_>) -> Result<Paged<Distribution>, Fault> {
    pages(|marker| async move {
        let call = caller
            .cloudfront()
            .list_distributions()
            .max_items(PAGE)
            .set_marker(marker);
        let page = caller.call(LIST, call.send()).await?;
        let list = page.distribution_list();
        Ok(Page {
            items: list
                .map(DistributionList::items)
                .unwrap_or_default()
                .iter()
                .map(distribution_from_sdk)
                .collect(),
            next: list.and_then(DistributionList::next_marker).map(str::to_owned),
        })
    })
    .await
}

/// The newest invalidations, which AWS lists first.
async fn newest(caller: &Caller<'_>, distribution: &str) -> Result<Vec<SdkSummary>, Fault> {
    let call = caller
        .cloudfront()
        .list_invalidations()
        .distribution_id(distribution)
        .max_items(NEWEST);
    let answer = caller.call(INVALIDATIONS, call.send()).await?;
    let list = answer.invalidation_list().map(InvalidationList::items);
    Ok(list.unwrap_or_default().to_vec())
}

async fn invalidations(
    caller: &Caller<'_>,
    distribution: &str,
    since: Option<Timestamp>,
) -> Result<Reply, Fault> {
    let listed = newest(caller, distribution).await?;
    let wanted = listed.into_iter().filter(|summary| {
        let at = timestamp(summary.create_time());
        since.is_none_or(|since| at.is_none_or(|at| at >= since))
    });
    // Only each by itself tells its paths and its name.
    let answers = each(wanted, |summary| async move {
        let call = caller
            .cloudfront()
            .get_invalidation()
            .distribution_id(distribution)
            .id(summary.id());
        let answer = caller.call(INVALIDATION, call.send()).await;
        let found = answer.and_then(|answer| {
            let found = answer.invalidation().map(invalidation_from_sdk);
            found.ok_or_else(|| {
                Fault::new(
                    FaultKind::Other,
                    INVALIDATION.service,
                    INVALIDATION.name,
                    "the answer has no invalidation",
                )
            })
        });
        found.map(one).map_err(|fault| of_part(fault, summary.id()))
    })
    .await;
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
    Ok(Reply {
        data: ReplyData::Invalidations(found),
        gaps,
    })
}

fn summaries_from_sdk(list: &[SdkSummary]) -> Vec<InvalidationSummary> {
    let mut found: Vec<InvalidationSummary> = list
        .iter()
        .map(|summary| InvalidationSummary {
            id: summary.id().to_owned(),
            status: summary.status().to_owned(),
            created_at: timestamp(summary.create_time()),
        })
        .collect();
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
    found
}

fn invalidation_from_sdk(found: &SdkInvalidation) -> Invalidation {
    let batch = found.invalidation_batch();
    Invalidation {
        id: found.id().to_owned(),
        status: found.status().to_owned(),
        created_at: timestamp(found.create_time()),
        reference: batch
            .map(|batch| batch.caller_reference().to_owned())
            .unwrap_or_default(),
        paths: batch
            .and_then(InvalidationBatch::paths)
            .map(|paths| paths.items().to_vec())
            .unwrap_or_default(),
    }
}

fn distribution_from_sdk(found: &DistributionSummary) -> Distribution {
    let origins = found.origins().map(Origins::items).unwrap_or_default();
    Distribution {
        arn: found.arn().to_owned(),
        id: found.id().to_owned(),
        domain_name: found.domain_name().to_owned(),
        comment: text(Some(found.comment())),
        aliases: found
            .aliases()
            .map(|aliases| aliases.items().to_vec())
            .unwrap_or_default(),
        status: found.status().to_owned(),
        enabled: Some(found.enabled()),
        origins: origins
            .iter()
            .map(|origin| (origin.id().to_owned(), origin.domain_name().to_owned()))
            .collect(),
        certificate: found
            .viewer_certificate()
            .and_then(ViewerCertificate::acm_certificate_arn)
            .map(str::to_owned),
        price_class: text(Some(found.price_class().as_str())),
        modified_at: timestamp(found.last_modified_time()),
        invalidations: None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudfront::types::Paths;
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Distributions.operations(), [LIST, INVALIDATIONS]);
        let detail = Read::Invalidations {
            distribution: String::new(),
            since: None,
        };
        assert_eq!(detail.operations(), [INVALIDATIONS, INVALIDATION]);
    }

    #[test]
    fn an_invalidation_keeps_its_name_and_paths() {
        let sdk = SdkInvalidation::builder()
            .id("I1")
            .status("InProgress")
            .create_time(DateTime::from_secs(9))
            .invalidation_batch(
                InvalidationBatch::builder()
                    .caller_reference("quarterdeck-r1-ab")
                    .paths(Paths::builder().quantity(1).items("/*").build().unwrap())
                    .build()
                    .unwrap(),
            )
            .build()
            .unwrap();
        assert_eq!(
            invalidation_from_sdk(&sdk),
            Invalidation {
                id: "I1".to_owned(),
                status: "InProgress".to_owned(),
                created_at: Timestamp::from_second(9).ok(),
                reference: "quarterdeck-r1-ab".to_owned(),
                paths: vec!["/*".to_owned()],
            }
        );
    }

    #[test]
    fn the_newest_invalidation_is_first() {
        let summary = |id: &str, second| {
            SdkSummary::builder()
                .id(id)
                .status("Completed")
                .create_time(DateTime::from_secs(second))
                .build()
                .unwrap()
        };
        let found = summaries_from_sdk(&[summary("I1", 5), summary("I2", 9)]);
        let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["I2", "I1"]);
    }
}
