//! S3 buckets: who can read them, and whether they grow for ever.

use std::collections::HashMap;

use crate::domain::bucket::{Bucket, BucketStorage, Exposure, Lifecycle};
use crate::domain::edge_cost;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::{Context, Reach, Rule, words};

/// Everybody can read it.
pub const PUBLIC: Rule = Rule {
    id: "bucket.public",
    kind: Kind::Bucket,
    title: "A bucket is open to everybody",
    what: "Buckets whose policy S3 judges to be public while neither their own public access block nor that \
           of the account keeps it out. Where the account's could not be read, the finding says so, and is \
           about the bucket's own settings. A bucket behind CloudFront needs no public policy: an origin \
           access control reaches it.",
    severities: &[(Severity::Warn, "the policy is public and not blocked")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Account,
    check: public,
};

/// It grows, and nothing is ever thinned out.
pub const GROWS: Rule = Rule {
    id: "bucket.grows",
    kind: Kind::Bucket,
    title: "A bucket grows and nothing thins it out",
    what: "Growth of a bucket over two weeks, by the slope of CloudWatch's daily sizes, where no enabled \
           lifecycle rule deletes objects or moves them to a cheaper class.",
    severities: &[
        (Severity::Crit, "at the critical growth"),
        (Severity::Warn, "at the warning growth"),
    ],
    thresholds: &["bucket_growth_gib_per_month"],
    runbooks: &[],
    reach: Reach::Account,
    check: grows,
};

/// Parts of uploads that nobody finished are kept and paid for.
pub const UNFINISHED: Rule = Rule {
    id: "bucket.unfinished-uploads",
    kind: Kind::Bucket,
    title: "Unfinished uploads are kept for ever",
    what: "Buckets of a gigabyte or more without an enabled lifecycle rule that removes the parts of \
           multipart uploads that were never completed. They are paid for and in no listing.",
    severities: &[(Severity::Info, "no rule removes them")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Account,
    check: unfinished,
};

/// Smaller buckets are not worth a rule.
const SMALL: f64 = edge_cost::GB;

fn buckets<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Bucket> {
    context.state.buckets.get().into_iter().flatten()
}

fn storage<'a>(context: &Context<'a>) -> HashMap<&'a str, &'a BucketStorage> {
    let all = context.state.bucket_storage.get().into_iter().flatten();
    all.map(|storage| (storage.bucket.as_str(), storage)).collect()
}

fn begin(rule: &Rule, context: &Context<'_>, bucket: &Bucket) -> Draft {
    rule.on(context, &bucket.arn(), &bucket.name)
        .in_scope(context.state.scope.global_name())
}

fn public(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for bucket in buckets(context).filter(|bucket| bucket.exposure() == Some(Exposure::Public)) {
        findings.push(
            begin(&PUBLIC, context, bucket)
                .because(if bucket.account_block.is_some() {
                    "Its policy is public, and neither its own public access block nor the account's restricts \
                     public policies."
                } else {
                    "Its policy is public, and its own public access block does not restrict public policies. \
                     Whether the account's does could not be read: that takes s3:GetAccountPublicAccessBlock."
                })
                .because(format!(
                    "aws s3api put-public-access-block --bucket {} blocks it, if nothing has to be read \
                     without credentials.",
                    words::excerpt(&bucket.name)
                ))
                .report(
                    Severity::Warn,
                    if bucket.account_block.is_some() {
                        "public by its policy"
                    } else {
                        "public by its policy, unless the account blocks it"
                    },
                ),
        );
    }
}

fn grows(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().bucket_growth_gib_per_month;
    let storage = storage(context);
    for bucket in buckets(context) {
        let Some(lifecycle) = bucket.lifecycle.filter(|lifecycle| !lifecycle.thins_out) else {
            continue;
        };
        let Some(held) = storage.get(bucket.name.as_str()) else {
            continue;
        };
        let Some((growth, bytes)) = held.growth_per_day().zip(held.bytes()) else {
            continue;
        };
        let month = growth * 30.0;
        let Some(breach) = limit.judge(month / edge_cost::GB) else {
            continue;
        };
        let cost = |region: &String| edge_cost::bucket(region, held);
        let month_cost = bucket.region.as_ref().and_then(cost);
        let rules = words::count(lifecycle.rules as usize, "lifecycle rule");
        findings.push(
            begin(&GROWS, context, bucket)
                .hurts(Impact::Cost)
                .because(format!(
                    "It holds {} and grows by {} in thirty days; the limit is {} GiB.",
                    words::bytes(bytes),
                    words::bytes(month),
                    words::number(limit.level(breach))
                ))
                .because(format!(
                    "{rules}, and none deletes objects or moves them to a cheaper class."
                ))
                .perhaps_because(month_cost.map(|cost| {
                    format!(
                        "What it holds now costs {} a month at list price.",
                        words::usd(cost)
                    )
                }))
                .because(thinned_by(bucket, lifecycle))
                .report(
                    severity(breach),
                    format!("+{} a month, nothing expires", words::bytes(month)),
                ),
        );
    }
}

/// The command by which nothing is lost and what lies long gets cheaper.
fn thinned_by(bucket: &Bucket, lifecycle: Lifecycle) -> String {
    let others = if lifecycle.rules > 0 {
        " It writes all rules anew: add those that get-bucket-lifecycle-configuration shows."
    } else {
        ""
    };
    format!(
        "aws s3api put-bucket-lifecycle-configuration --bucket {} --lifecycle-configuration \
         '{{\"Rules\":[{{\"ID\":\"thin-out\",\"Status\":\"Enabled\",\"Filter\":{{\"Prefix\":\"\"}},\
         \"Transitions\":[{{\"Days\":30,\"StorageClass\":\"INTELLIGENT_TIERING\"}}]}}]}}' keeps everything and moves \
         what is a month old to where it costs less; Expiration in place of Transitions deletes it.{others}",
        words::excerpt(&bucket.name)
    )
}

fn unfinished(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let storage = storage(context);
    for bucket in buckets(context) {
        let aborts = bucket.lifecycle.is_none_or(|lifecycle| lifecycle.aborts_uploads);
        let bytes = storage.get(bucket.name.as_str()).and_then(|held| held.bytes());
        let Some(bytes) = bytes.filter(|bytes| !aborts && *bytes >= SMALL) else {
            continue;
        };
        findings.push(
            begin(&UNFINISHED, context, bucket)
                .hurts(Impact::Cost)
                .because(format!(
                    "It holds {}; how much of unfinished uploads there is beside it is in no metric.",
                    words::bytes(bytes)
                ))
                .because(
                    "A lifecycle rule with AbortIncompleteMultipartUpload after seven days removes them.",
                )
                .report(Severity::Info, "no rule for unfinished uploads"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bucket::AccessBlock;
    use crate::domain::inventory::Source;
    use crate::domain::metric::Series;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};

    fn bucket(name: &str) -> Bucket {
        Bucket {
            name: name.to_owned(),
            region: Some("ap-northeast-2".to_owned()),
            created_at: None,
            block: Some(AccessBlock::default()),
            account_block: Some(AccessBlock::default()),
            policy_is_public: Some(false),
            versioning: None,
            lifecycle: Some(Lifecycle::default()),
        }
    }

    fn held(bucket: &str, gib: f64, per_day: f64) -> BucketStorage {
        let points = (0..14_i64)
            .map(|day| {
                let back = (13 - day) as f64;
                (at(-1440 * (13 - day)), (gib - back * per_day) * edge_cost::GB)
            })
            .collect();
        BucketStorage {
            bucket: bucket.to_owned(),
            classes: vec![(
                "StandardStorage".to_owned(),
                Series {
                    period_s: 86_400,
                    points,
                    partial: false,
                },
            )],
            objects: Series::default(),
        }
    }

    #[test]
    fn a_public_policy_that_nothing_blocks_is_told() {
        let mut open = bucket("shop-images");
        open.policy_is_public = Some(true);
        let mut shut = bucket("shop-logs");
        shut.policy_is_public = Some(true);
        shut.block = Some(AccessBlock {
            acls: true,
            policies: true,
        });
        let mut unread = bucket("shop-unread");
        unread.policy_is_public = None;
        let by_account = Bucket {
            name: "shop-shut-by-account".to_owned(),
            account_block: shut.block,
            ..open.clone()
        };
        let unsure = Bucket {
            name: "shop-unsure".to_owned(),
            account_block: None,
            ..open.clone()
        };
        let mut bench = Bench::new();
        bench.know(
            Source::Buckets,
            ReplyData::Buckets(vec![open, shut, unread, by_account, unsure]),
        );
        let findings = bench.check(&PUBLIC);
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].title, "public by its policy");
        assert_eq!(findings[1].name, "shop-unsure");
        assert_eq!(
            findings[1].title,
            "public by its policy, unless the account blocks it"
        );
        assert!(findings[1].evidence[0].contains("s3:GetAccountPublicAccessBlock"));
        assert_eq!(findings[0].name, "shop-images");
        assert_eq!(&*findings[0].resource.id, "arn:aws:s3:::shop-images");
        assert_eq!(findings[0].resource.scope.as_str(), "default/global");
    }

    #[test]
    fn growth_is_judged_where_nothing_is_thinned_out() {
        let mut kept = bucket("kept");
        kept.lifecycle = Some(Lifecycle {
            rules: 1,
            thins_out: true,
            aborts_uploads: true,
        });
        let mut unread = bucket("unread");
        unread.lifecycle = None;
        let mut bench = Bench::new();
        bench.know(
            Source::Buckets,
            ReplyData::Buckets(vec![bucket("videos"), kept, unread, bucket("still")]),
        );
        assert_eq!(bench.check(&GROWS), [], "sizes have not been read");
        let sizes = vec![
            held("videos", 300.0, 2.0),
            held("kept", 300.0, 2.0),
            held("unread", 300.0, 2.0),
            held("still", 0.5, 0.0),
        ];
        bench.know(Source::BucketStorage, ReplyData::BucketStorage(sizes));
        let findings = bench.check(&GROWS);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "+60 GiB a month, nothing expires")
        );
        assert_eq!(
            findings[0].evidence,
            [
                "It holds 300 GiB and grows by 60 GiB in thirty days; the limit is 30 GiB.",
                "0 lifecycle rules, and none deletes objects or moves them to a cheaper class.",
                "What it holds now costs $7.50 a month at list price.",
                "aws s3api put-bucket-lifecycle-configuration --bucket videos --lifecycle-configuration \
                 '{\"Rules\":[{\"ID\":\"thin-out\",\"Status\":\"Enabled\",\"Filter\":{\"Prefix\":\"\"},\
                 \"Transitions\":[{\"Days\":30,\"StorageClass\":\"INTELLIGENT_TIERING\"}]}]}' keeps everything and \
                 moves what is a month old to where it costs less; Expiration in place of Transitions deletes it.",
            ]
        );
        let unfinished: Vec<_> = bench.check(&UNFINISHED).into_iter().map(|one| one.name).collect();
        assert_eq!(unfinished, ["videos"]);
    }
}
