//! Reads of Amazon S3: buckets, what decides who can read them, and how much they hold.

use std::net::IpAddr;

use aws_sdk_s3::types::{
    Bucket as SdkBucket, BucketVersioningStatus, ExpirationStatus, LifecycleRule, PolicyStatus,
    PublicAccessBlockConfiguration,
};

use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration as AccountBlock;

use super::cloudwatch;
use super::listing::of_part;
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::timestamp_of;
use crate::domain::bucket::{AccessBlock, Bucket, BucketStorage, Lifecycle, Versioning};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::metric::{MetricId, MetricSpec, Series};
use crate::domain::ops::s3::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

/// Of the account; S3's own operation of the same name is of a bucket.
const ACCOUNT_BLOCK: Operation = Operation::allowed_by(
    "s3control",
    "GetPublicAccessBlock",
    "s3:GetAccountPublicAccessBlock",
);
const LIST: Operation = Operation::allowed_by("s3", "ListBuckets", "s3:ListAllMyBuckets");
const BLOCK: Operation = Operation::allowed_by("s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock");
const POLICY: Operation = Operation::new("s3", "GetBucketPolicyStatus");
const VERSIONING: Operation = Operation::new("s3", "GetBucketVersioning");
const LIFECYCLE: Operation = Operation::allowed_by(
    "s3",
    "GetBucketLifecycleConfiguration",
    "s3:GetLifecycleConfiguration",
);

/// The most that AWS puts on a page, and with a limit it tells each bucket's region.
const PAGE: i32 = 1000;
/// A day, which is how often CloudWatch counts.
const DAY_S: u32 = 86_400;
/// How far back sizes are asked for.
const DAYS: u32 = 14;
/// The namespace and the two metrics of buckets.
const NAMESPACE: &str = "AWS/S3";
const SIZE: &str = "BucketSizeBytes";
const OBJECTS: &str = "NumberOfObjects";

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Buckets { account } => buckets(caller, account).await,
        Read::Storage { buckets } => storage(caller, buckets).await,
    }
}

async fn buckets(caller: &Caller<'_>, account: &str) -> Result<Reply, Fault> {
    let Paged { mut items, gap } = listed(caller).await?;
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    // Where there is nothing to read there is nothing to block.
    if !items.is_empty() {
        match account_block(caller, account).await {
            Ok(block) => items
                .iter_mut()
                .for_each(|bucket| bucket.account_block = Some(block)),
            Err(fault) => gaps.push(of_part(fault, "the account's public access block")),
        }
    }
    let answers = each(items, |bucket| async move { described(caller, bucket).await }).await;
    let mut buckets = Vec::new();
    for (bucket, faults) in answers {
        // A bucket that was deleted since it was listed is not there.
        if faults
            .iter()
            .any(|fault| fault.code.as_deref() == Some("NoSuchBucket"))
        {
            continue;
        }
        gaps.extend(faults);
        buckets.push(bucket);
    }
    buckets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Buckets(buckets),
        gaps,
    })
}

/// What the account keeps out of all its buckets; nothing where nobody set it.
async fn account_block(caller: &Caller<'_>, account: &str) -> Result<AccessBlock, Fault> {
    let call = caller
        .s3control()
        .get_public_access_block()
        .account_id(account)
        .customize();
    let plain = caller.clients().endpoint_url().filter(|url| is_machine(url));
    let call = match plain {
        Some(url) => call.config_override(
            aws_sdk_s3control::config::Builder::new().endpoint_resolver(Plain(url.to_owned())),
        ),
        None => call,
    };
    match caller.call(ACCOUNT_BLOCK, call.send()).await {
        Ok(answer) => {
            let block = answer.public_access_block_configuration();
            Ok(block.map(account_block_from_sdk).unwrap_or_default())
        }
        Err(fault) if is_unset(&fault, "NoSuchPublicAccessBlockConfiguration") => Ok(AccessBlock::default()),
        Err(fault) => Err(fault),
    }
}

/// Whether an address names a machine, before which the account's number, which S3 Control's calls put into
/// the host's name, would make no name that can be found.
fn is_machine(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

/// An address as it stands.
#[derive(Debug)]
struct Plain(String);

impl ResolveEndpoint for Plain {
    fn resolve_endpoint<'a>(&'a self, _params: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

async fn listed(caller: &Caller<'_>) -> Result<Paged<Bucket>, Fault> {
    pages(|token| async move {
        let call = caller
            .s3()
            .list_buckets()
            .max_buckets(PAGE)
            .set_continuation_token(token);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page.buckets().iter().filter_map(bucket_from_sdk).collect(),
            next: page.continuation_token,
        })
    })
    .await
}

/// The bucket with its settings; what could not be read of them stays unknown.
async fn described(caller: &Caller<'_>, mut bucket: Bucket) -> (Bucket, Vec<Fault>) {
    let name = bucket.name.clone();
    let region = bucket.region.clone();
    // A bucket answers in its own region only.
    let there = caller.in_region(region.as_deref());
    let client = there.s3();
    let mut faults = Vec::new();
    let mut keep = |fault: Fault| faults.push(of_part(fault, &name));
    let call = client.get_public_access_block().bucket(&name);
    match there.call(BLOCK, call.send()).await {
        Ok(answer) => {
            bucket.block = answer.public_access_block_configuration().map(block_from_sdk);
        }
        Err(fault) if is_unset(&fault, "NoSuchPublicAccessBlockConfiguration") => {
            bucket.block = Some(AccessBlock::default());
        }
        Err(fault) => keep(fault),
    }
    let call = client.get_bucket_policy_status().bucket(&name);
    match there.call(POLICY, call.send()).await {
        Ok(answer) => bucket.policy_is_public = answer.policy_status().and_then(PolicyStatus::is_public),
        Err(fault) if is_unset(&fault, "NoSuchBucketPolicy") => bucket.policy_is_public = Some(false),
        Err(fault) => keep(fault),
    }
    let call = client.get_bucket_versioning().bucket(&name);
    match there.call(VERSIONING, call.send()).await {
        Ok(answer) => bucket.versioning = versioning_from_sdk(answer.status()),
        Err(fault) => keep(fault),
    }
    let call = client.get_bucket_lifecycle_configuration().bucket(&name);
    match there.call(LIFECYCLE, call.send()).await {
        Ok(answer) => bucket.lifecycle = Some(lifecycle_from_sdk(answer.rules())),
        Err(fault) if is_unset(&fault, "NoSuchLifecycleConfiguration") => {
            bucket.lifecycle = Some(Lifecycle::default());
        }
        Err(fault) => keep(fault),
    }
    (bucket, faults)
}

/// Whether a setting was never made, which is an answer.
fn is_unset(fault: &Fault, code: &str) -> bool {
    fault.code.as_deref() == Some(code)
}

/// A bucket without its settings; `None` without a name.
fn bucket_from_sdk(bucket: &SdkBucket) -> Option<Bucket> {
    Some(Bucket {
        name: bucket.name()?.to_owned(),
        region: bucket.bucket_region.clone(),
        created_at: timestamp_of(bucket.creation_date()),
        block: None,
        account_block: None,
        policy_is_public: None,
        versioning: None,
        lifecycle: None,
    })
}

fn block_from_sdk(block: &PublicAccessBlockConfiguration) -> AccessBlock {
    AccessBlock {
        acls: block.ignore_public_acls == Some(true),
        policies: block.restrict_public_buckets == Some(true),
    }
}

/// The account's has the same settings, in a type of its own.
fn account_block_from_sdk(block: &AccountBlock) -> AccessBlock {
    AccessBlock {
        acls: block.ignore_public_acls == Some(true),
        policies: block.restrict_public_buckets == Some(true),
    }
}

fn versioning_from_sdk(status: Option<&BucketVersioningStatus>) -> Option<Versioning> {
    match status {
        // A bucket that never had it has no status.
        None => Some(Versioning::Off),
        Some(BucketVersioningStatus::Enabled) => Some(Versioning::Enabled),
        Some(BucketVersioningStatus::Suspended) => Some(Versioning::Suspended),
        Some(_) => None,
    }
}

fn lifecycle_from_sdk(rules: &[LifecycleRule]) -> Lifecycle {
    let enabled: Vec<&LifecycleRule> = rules
        .iter()
        .filter(|rule| *rule.status() == ExpirationStatus::Enabled)
        .collect();
    let thins_out = |rule: &&LifecycleRule| {
        let expires = rule
            .expiration()
            .is_some_and(|expiration| expiration.days().is_some() || expiration.date().is_some());
        expires
            || !rule.transitions().is_empty()
            || !rule.noncurrent_version_transitions().is_empty()
            || rule.noncurrent_version_expiration().is_some()
    };
    Lifecycle {
        rules: u32::try_from(enabled.len()).unwrap_or(u32::MAX),
        thins_out: enabled.iter().any(thins_out),
        aborts_uploads: enabled
            .iter()
            .any(|rule| rule.abort_incomplete_multipart_upload().is_some()),
    }
}

/// Sizes from CloudWatch of each region in which there are buckets.
async fn storage(caller: &Caller<'_>, buckets: &[(String, String)]) -> Result<Reply, Fault> {
    let mut regions: Vec<&str> = buckets.iter().map(|(_, region)| region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    let (mut found, mut gaps, mut failed) = (Vec::new(), Vec::new(), 0);
    for region in &regions {
        let names: Vec<&str> = buckets
            .iter()
            .filter(|(_, own)| own == region)
            .map(|(name, _)| name.as_str())
            .collect();
        match storage_in(&caller.in_region(Some(region)), &names).await {
            Ok((some, more)) => {
                found.extend(some);
                gaps.extend(more);
            }
            Err(fault) => {
                failed += 1;
                gaps.push(of_part(fault, region));
            }
        }
    }
    if failed > 0 && failed == regions.len() {
        return Err(gaps.swap_remove(0));
    }
    found.sort_by(|a, b| a.bucket.cmp(&b.bucket));
    Ok(Reply {
        data: ReplyData::BucketStorage(found),
        gaps,
    })
}

async fn storage_in(
    caller: &Caller<'_>,
    buckets: &[&str],
) -> Result<(Vec<BucketStorage>, Vec<Fault>), Fault> {
    let (mut specs, mut gaps) = (Vec::new(), Vec::new());
    for metric in [SIZE, OBJECTS] {
        let Paged { items, gap } = cloudwatch::listed(caller, NAMESPACE, metric).await?;
        let wanted = |id: &MetricId| bucket_of(id).is_some_and(|name| buckets.contains(&name));
        specs.extend(items.into_iter().filter(wanted).map(|id| MetricSpec {
            id,
            period_s: DAY_S,
            lookback_s: DAYS * DAY_S,
        }));
        gaps.extend(gap);
    }
    let values = if specs.is_empty() {
        Vec::new()
    } else {
        let reply = cloudwatch::values(caller, &specs).await?;
        gaps.extend(reply.gaps);
        match reply.data {
            ReplyData::Metrics(values) => values,
            _ => {
                return Err(Fault::new(
                    FaultKind::Other,
                    "cloudwatch",
                    "GetMetricData",
                    "an answer without metrics",
                ));
            }
        }
    };
    Ok((
        buckets.iter().map(|name| storage_of(name, &values)).collect(),
        gaps,
    ))
}

fn bucket_of(id: &MetricId) -> Option<&str> {
    dimension(id, "BucketName")
}

fn dimension<'a>(id: &'a MetricId, name: &str) -> Option<&'a str> {
    let own = id.dimensions.iter().find(|(key, _)| key == name);
    own.map(|(_, value)| value.as_str())
}

fn storage_of(bucket: &str, values: &[(MetricId, Series)]) -> BucketStorage {
    let own = || values.iter().filter(|(id, _)| bucket_of(id) == Some(bucket));
    let mut classes: Vec<(String, Series)> = own()
        .filter(|(id, _)| id.name == SIZE)
        .filter_map(|(id, series)| Some((dimension(id, "StorageType")?.to_owned(), series.clone())))
        .collect();
    classes.sort_by(|a, b| a.0.cmp(&b.0));
    let objects = own().find(|(id, _)| id.name == OBJECTS);
    BucketStorage {
        bucket: bucket.to_owned(),
        classes,
        objects: objects.map_or_else(
            || Series {
                period_s: DAY_S,
                ..Series::default()
            },
            |(_, series)| series.clone(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::{
        AbortIncompleteMultipartUpload, LifecycleExpiration, NoncurrentVersionExpiration,
    };
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::metric::Stat;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(
            Read::Buckets {
                account: String::new()
            }
            .operations(),
            [LIST, ACCOUNT_BLOCK, BLOCK, POLICY, VERSIONING, LIFECYCLE]
        );
    }

    #[test]
    fn no_account_is_put_before_the_address_of_a_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:5000", true),
            ("http://[::1]:5000/", true),
            ("http://localhost:4566", true),
            ("https://10.0.3.7", true),
            (
                "https://control.vpce-1a2b-3c4d.s3.us-west-2.vpce.amazonaws.com",
                false,
            ),
        ] {
            assert_eq!(is_machine(url), expected, "{url}");
        }
    }

    fn rule(enabled: bool) -> aws_sdk_s3::types::builders::LifecycleRuleBuilder {
        LifecycleRule::builder().status(if enabled {
            ExpirationStatus::Enabled
        } else {
            ExpirationStatus::Disabled
        })
    }

    #[test]
    fn only_enabled_rules_count_and_a_delete_marker_thins_nothing_out() {
        let aborts = rule(true)
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder()
                    .days_after_initiation(7)
                    .build(),
            )
            .expiration(
                LifecycleExpiration::builder()
                    .expired_object_delete_marker(true)
                    .build(),
            )
            .build()
            .unwrap();
        let off = rule(false)
            .expiration(LifecycleExpiration::builder().days(30).build())
            .build()
            .unwrap();
        let expected = Lifecycle {
            rules: 1,
            thins_out: false,
            aborts_uploads: true,
        };
        assert_eq!(lifecycle_from_sdk(&[aborts.clone(), off]), expected);
        let versions = rule(true)
            .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(30).build())
            .build()
            .unwrap();
        assert!(lifecycle_from_sdk(&[aborts, versions]).thins_out);
    }

    #[test]
    fn a_block_in_part_and_versioning_of_all_kinds_are_told() {
        let part = PublicAccessBlockConfiguration::builder()
            .ignore_public_acls(true)
            .block_public_policy(true)
            .build();
        // Blocking new public policies does not restrict the one that is there.
        assert_eq!(
            block_from_sdk(&part),
            AccessBlock {
                acls: true,
                policies: false
            }
        );
        assert_eq!(versioning_from_sdk(None), Some(Versioning::Off));
        assert_eq!(
            versioning_from_sdk(Some(&BucketVersioningStatus::from("Archived"))),
            None
        );
    }

    #[test]
    fn classes_of_a_bucket_are_told_apart_from_those_of_others() {
        let id = |bucket: &str, metric: &str, class: &str| {
            MetricId::new(
                NAMESPACE,
                metric,
                &[("BucketName", bucket), ("StorageType", class)],
                Stat::Average,
            )
        };
        let series = |value: f64| Series {
            period_s: DAY_S,
            points: vec![(jiff::Timestamp::UNIX_EPOCH, value)],
            partial: false,
        };
        let values = vec![
            (id("a", SIZE, "StandardStorage"), series(5.0)),
            (id("b", SIZE, "StandardStorage"), series(9.0)),
            (id("a", SIZE, "GlacierStorage"), series(7.0)),
            (id("a", OBJECTS, "AllStorageTypes"), series(2.0)),
        ];
        let storage = storage_of("a", &values);
        let classes: Vec<&str> = storage.classes.iter().map(|(class, _)| class.as_str()).collect();
        assert_eq!(classes, ["GlacierStorage", "StandardStorage"]);
        assert_eq!((storage.bytes(), storage.objects()), (Some(12.0), Some(2.0)));
        assert_eq!(storage_of("c", &values).bytes(), None);
    }
}
