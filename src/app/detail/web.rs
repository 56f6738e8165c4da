//! Details of distributions and buckets.

use crate::app::detail::Block;
use crate::app::detail::blocks::{Graph, charts, fact, maybe, percent, when};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::bucket::{AccessBlock, Bucket, Exposure, Versioning};
use crate::domain::counted::counted;
use crate::domain::distribution::{Distribution, METRIC_REGION};
use crate::domain::edge_cost;
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{Metric, distribution as metric};

/// The blocks of a distribution.
pub(super) fn distribution(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let one = scope.distributions.get()?.iter().find(|one| one.arn == arn)?;
    let enabled = one.enabled.map(|enabled| if enabled { "yes" } else { "no" });
    let mut facts = vec![
        fact("arn", &one.arn),
        fact("domain name", &one.domain_name),
        fact("aliases", or_none(&one.aliases.join(", "))),
        maybe("comment", one.comment.as_ref()),
        fact("status", &one.status),
        maybe("enabled", enabled),
        maybe("price class", one.price_class.as_ref()),
        maybe("certificate", one.certificate.as_ref()),
        maybe("changed", one.modified_at.map(|at| when(state, at))),
    ];
    for (id, domain) in &one.origins {
        facts.push(fact(&format!("origin {id}"), domain));
    }
    let id = one.id.as_str();
    let graphs: &[Graph] = &[
        ("requests/min", metric::REQUESTS, format::number),
        ("5xx, percent", metric::ERRORS_5XX, percent),
        ("cache hits, percent", metric::HIT_RATE, percent),
        ("4xx, percent", metric::ERRORS_4XX, percent),
        ("sent/5 min", metric::BYTES, format::bytes),
    ];
    let of = |metric: &Metric| metric.of_both(id, METRIC_REGION);
    Some(vec![
        Block::Facts(facts),
        Block::Table(invalidations(state, one)),
        charts(state, scope, graphs, of),
    ])
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// The newest invalidations.
fn invalidations(state: &State, one: &Distribution) -> Section {
    let columns = vec![
        Column::words("INVALIDATION", 14, 24, 0),
        Column::words("STATUS", 10, 12, 0),
        Column::words("ASKED FOR", 20, 60, 0),
    ];
    let rows = one
        .invalidations
        .iter()
        .flatten()
        .map(|invalidation| Row {
            key: RowKey::Line(invalidation.id.clone()),
            cells: vec![
                Cell::new(&invalidation.id),
                Cell::new(&invalidation.status).tone(if invalidation.is_in_progress() {
                    Tone::Accent
                } else {
                    Tone::Plain
                }),
                Cell::new(
                    invalidation
                        .created_at
                        .map_or_else(|| format::UNKNOWN.to_owned(), |at| when(state, at)),
                ),
            ],
            health: Health::Ok,
        })
        .collect();
    let empty = if one.invalidations.is_some() {
        "none"
    } else {
        "not read"
    };
    Section {
        title: "newest invalidations".to_owned(),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    }
}

/// Whether something is kept out of a bucket, and by which of the two public access blocks.
fn kept_out(bucket: &Bucket, part: impl Fn(AccessBlock) -> bool) -> Option<&'static str> {
    Some(match (bucket.block.map(&part), bucket.account_block.map(&part)) {
        (Some(true), Some(true)) => "yes, by the bucket and the account",
        (Some(true), _) => "yes, by the bucket",
        (_, Some(true)) => "yes, by the account",
        (Some(false), Some(false)) => "no",
        (Some(false), None) => "not by the bucket; the account's was not read",
        (None, Some(false)) => "not by the account; the bucket's was not read",
        (None, None) => return None,
    })
}

/// The blocks of a bucket.
pub(super) fn bucket(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let bucket = scope.buckets.get()?.iter().find(|bucket| bucket.arn() == arn)?;
    let yes = |set: bool| if set { "yes" } else { "no" };
    let lifecycle = bucket.lifecycle.map(|lifecycle| {
        format!(
            "{}: {}; {}",
            counted(lifecycle.rules as usize, "rule"),
            if lifecycle.thins_out {
                "what is old goes, or to a cheaper class"
            } else {
                "nothing old goes"
            },
            if lifecycle.aborts_uploads {
                "unfinished uploads go"
            } else {
                "unfinished uploads stay"
            }
        )
    });
    let mut facts = vec![
        fact("arn", bucket.arn()),
        maybe("region", bucket.region.as_ref()),
        maybe("made", bucket.created_at.map(|at| when(state, at))),
        maybe("access", bucket.exposure().map(Exposure::word)),
        maybe("public ACLs ignored", kept_out(bucket, |block| block.acls)),
        maybe(
            "public policies restricted",
            kept_out(bucket, |block| block.policies),
        ),
        maybe("policy is public", bucket.policy_is_public.map(yes)),
        maybe("versions", bucket.versioning.map(Versioning::word)),
        maybe("lifecycle", lifecycle),
    ];
    let storage = scope.bucket_storage.get();
    if let Some(held) = storage.and_then(|all| all.iter().find(|one| one.bucket == bucket.name)) {
        for (class, bytes) in held.by_class() {
            facts.push(fact(class, format::bytes(bytes)));
        }
        facts.extend([
            maybe("objects", held.objects().map(|count| format::count(count as u64))),
            maybe("grows a day", held.growth_per_day().map(format::bytes)),
            maybe("counted", held.newest().map(|at| when(state, at))),
            maybe(
                "storage a month",
                bucket
                    .region
                    .as_deref()
                    .and_then(|region| edge_cost::bucket(region, held))
                    .map(format::usd),
            ),
        ]);
    }
    Some(vec![Block::Facts(facts)])
}
