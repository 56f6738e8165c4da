//! `cloudfront.invalidate`: objects leave the caches of all edge locations.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::distribution::{FREE_PATHS_PER_MONTH, Invalidation, bad_path};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::ops::{Mutation, Query, Reply, ReplyData, cloudfront};
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::Unit;
use crate::domain::text::clean;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `cloudfront.invalidate`.
pub struct Invalidate;

/// Paths that one step may invalidate unless the runbook says otherwise.
const MOST_PATHS: u32 = 100;
/// Paths that may be in progress for a distribution, and how many of them with `*`.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html>
const AT_A_TIME: usize = 3000;
const WILDCARDS_AT_A_TIME: usize = 15;
/// How the references of our invalidations begin.
const OURS: &str = "quarterdeck-";
/// Seconds that CloudFront's clock may be behind ours.
const SKEW_S: i64 = 10;
/// Paths that a summary names.
const NAMED: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    distribution: String,
    paths: Vec<String>,
    #[serde(default)]
    most_paths: Option<u32>,
}

impl With {
    /// The distribution's id, from its id or its ARN.
    fn id(&self) -> &str {
        last_segment(&self.distribution)
    }

    /// The paths, each once, in order: as they are sent.
    fn batch(&self) -> Vec<String> {
        let paths: BTreeSet<&String> = self.paths.iter().collect();
        paths.into_iter().cloned().collect()
    }

    /// What the invalidation of a run is called: the same for the same run, distribution and paths,
    /// so that asking twice makes it once.
    fn reference(&self, run: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.id());
        for path in self.batch() {
            hash.update([0]);
            hash.update(path);
        }
        let mut reference = format!("{OURS}{run}-");
        for byte in &hash.finalize()[..6] {
            write!(reference, "{byte:02x}").expect("writing to a string cannot fail");
        }
        reference
    }

    fn invalidations(&self, since: Option<Timestamp>) -> Query {
        Query::CloudFront(cloudfront::Read::Invalidations {
            distribution: self.id().to_owned(),
            since,
        })
    }

    /// Whether an invalidation is one of ours for the same paths. Since only those are asked for that
    /// are younger than the call, and a run holds its distribution, it is the call's.
    fn is_own(&self, one: &Invalidation) -> bool {
        let paths: BTreeSet<&String> = one.paths.iter().collect();
        one.reference.starts_with(OURS) && paths == self.paths.iter().collect()
    }
}

/// Refuses what CloudFront would refuse, and more paths than the step allows.
fn check(wanted: &With, paths: &[String], known: &[Invalidation]) -> Result<(), Refusal> {
    let most = wanted.most_paths.unwrap_or(MOST_PATHS);
    if paths.is_empty() {
        return Err(Refusal::state("no path is named"));
    }
    if let Some((path, why)) = paths.iter().find_map(|path| Some((path, bad_path(path)?))) {
        return Err(Refusal::state(format!("{}: {why}", clean(path))));
    }
    if paths.len() > most as usize {
        return Err(Refusal::state(format!(
            "{} paths are more than the {most} that are allowed; `/*`, or a directory with `*` at its end, is one path",
            paths.len()
        )));
    }
    let open = known.iter().filter(|one| !one.is_completed());
    let all: Vec<&String> = open.flat_map(|one| &one.paths).chain(paths).collect();
    let wildcards = all.iter().filter(|path| path.ends_with('*')).count();
    if all.len() > AT_A_TIME || wildcards > WILDCARDS_AT_A_TIME {
        return Err(Refusal::state(format!(
            "with those in progress these would be {} paths, {wildcards} with `*`: CloudFront takes {AT_A_TIME} \
             and {WILDCARDS_AT_A_TIME} at a time",
            all.len()
        )));
    }
    Ok(())
}

/// The first paths, and how many more.
fn named(paths: &[String]) -> String {
    let first: Vec<&str> = paths.iter().take(NAMED).map(String::as_str).collect();
    let first = clean(&first.join(", ")).into_owned();
    match paths.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// What the paths cost beyond those that are free each month, as far as this month is known.
fn price(paths: &[String], known: &[Invalidation], site: &Site<'_>) -> String {
    let month = site.now.to_zoned(TimeZone::UTC).date().first_of_month();
    let used: usize = known
        .iter()
        .filter(|one| {
            let day = one.created_at.map(|at| at.to_zoned(TimeZone::UTC).date());
            day.is_some_and(|day| day >= month)
        })
        .map(|one| one.paths.len())
        .sum();
    let many = paths.len() as u64;
    let free = FREE_PATHS_PER_MONTH.saturating_sub(used as u64);
    let billed = many.saturating_sub(free);
    let each = site.prices.unit("us-east-1", Unit::CloudfrontInvalidationPath);
    let so_far = format!("at least {used} were used by the newest twenty invalidations of this distribution");
    let costs = |count: u64| {
        each.as_ref().map_or_else(
            || "a price that is not known".to_owned(),
            |each| format!("${:.2}", each.value.as_f64() * count as f64),
        )
    };
    if billed > 0 {
        format!(
            "{billed} of {many} paths cost {}: the {FREE_PATHS_PER_MONTH} free ones of this month are used up ({so_far})",
            costs(billed)
        )
    } else {
        format!(
            "{many} of the {FREE_PATHS_PER_MONTH} paths that are free for the account each month; {so_far}; beyond \
             them these would cost {}",
            costs(many)
        )
    }
}

/// The question for the invalidations since the call, if it was asked.
fn asked<'a>(view: &'a View, id: &str) -> Option<&'a Query> {
    view.asked().find(|query| {
        matches!(query, Query::CloudFront(cloudfront::Read::Invalidations { distribution, since: Some(_) })
            if distribution == id)
    })
}

impl Action for Invalidate {
    fn name(&self) -> &'static str {
        "cloudfront.invalidate"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Takes objects out of the caches of a CloudFront distribution and waits until every edge \
                location has done so.\n\
                Viewers then get what the origin has, and the origin all their requests until the caches \
                are filled again. The invalidation is named after the run: however often it is asked for, \
                AWS makes it once. A thousand paths a month are free for an account; `/*` is one path. It \
                cannot be taken back.",
            fields: vec![
                FieldSchema::required("distribution", Type::Text, "The distribution's id or ARN."),
                FieldSchema::required(
                    "paths",
                    Type::list(Type::Text),
                    "Paths, each `/…`, perhaps with `*` at the end.",
                ),
                FieldSchema::optional(
                    "most_paths",
                    Type::Int,
                    "100",
                    "More paths than this are refused.",
                ),
            ],
            outputs: Vec::new(),
            live: vec![OutputSchema::new(
                "asked",
                Type::Bool,
                "Whether the invalidation was asked for.",
            )],
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Distribution),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 20,
            timeout_s: 15 * 60,
            // CloudFront lists an invalidation as soon as it has been accepted.
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let wanted: With = parse(with)?;
        Ok(vec![
            Query::CloudFront(cloudfront::Read::Distributions),
            wanted.invalidations(None),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let one = view
            .distribution(wanted.id())?
            .ok_or_else(|| Refusal::absent(format!("there is no distribution {}", clean(wanted.id()))))?;
        let paths = wanted.batch();
        let known = view.invalidations(&wanted.invalidations(None))?;
        check(&wanted, &paths, known)?;
        let everything = paths.iter().any(|path| path == "/*");
        let origins = one.origins.iter().map(|(_, domain)| format!("origin {domain}"));
        let mut proposal = Proposal::one(Change {
            summary: format!("invalidate {}", named(&paths)),
            before: fields([("asked", json!(false))]),
            after: fields([("asked", json!(true))]),
            reversible: false,
            impact: Impact {
                dependents: origins.collect(),
                ..Impact::default()
            },
            ..Change::draft(self, site.target(Kind::Distribution, &one.arn, one.name()), with)
        });
        proposal.warnings.push(price(&paths, known, site));
        if everything {
            proposal.warnings.push(format!(
                "{}: every object is fetched from the origins again, which get all requests until the \
                 caches are filled",
                clean(one.name())
            ));
        }
        if one.enabled == Some(false) {
            proposal
                .warnings
                .push(format!("{} is disabled: it answers nobody", clean(one.name())));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        // Before it is asked for nobody looks for it: there is none.
        if let Some(query) = asked(view, with.id()) {
            return match view.invalidations(query) {
                Ok(known) => {
                    let made = known.iter().any(|one| with.is_own(one));
                    Sight::Here(fields([("asked", json!(made))]))
                }
                Err(unread) => Sight::Unreadable(unread),
            };
        }
        match view.distribution(with.id()) {
            Ok(Some(_)) => Sight::Here(fields([("asked", json!(false))])),
            Ok(None) => Sight::Gone,
            Err(unread) => Sight::Unreadable(unread),
        }
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::CloudFront(cloudfront::Write::CreateInvalidation {
            distribution: with.id().to_owned(),
            paths: with.batch(),
            reference: with.reference(stamp.run),
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(&change.with)?;
        let skew = jiff::SignedDuration::from_secs(SKEW_S);
        let since = applied.at.saturating_sub(skew).unwrap_or(applied.at);
        Ok(vec![with.invalidations(Some(since))])
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change is not this action's".to_owned());
        };
        let Some(query) = asked(view, with.id()) else {
            return Progress::Waiting("not looked for yet".to_owned());
        };
        let known = match view.invalidations(query) {
            Err(unread) => return Progress::Waiting(unread.to_string()),
            Ok(known) => known,
        };
        let own = known.iter().find(|one| match &applied.receipt.created {
            Some(id) => *id == one.id,
            None => with.is_own(one),
        });
        match own {
            None => Progress::Waiting("not listed yet".to_owned()),
            Some(one) if one.is_completed() => Progress::Done,
            Some(one) => Progress::Waiting(format!("invalidation {} is {}", one.id, one.status)),
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("what has left the caches is fetched again when viewers ask for it".to_owned())
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let done = Invalidation {
            id: "planned".to_owned(),
            status: "Completed".to_owned(),
            created_at: None,
            reference: with.reference("planned"),
            paths: with.batch(),
        };
        let reply = Reply::whole(ReplyData::Invalidations(vec![done]));
        let query = with.invalidations(Some(Timestamp::MIN));
        view.extend(View::new(vec![(query, Ok(reply))]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(paths: &[&str]) -> With {
        With {
            distribution: "arn:aws:cloudfront::1:distribution/E1".to_owned(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            most_paths: None,
        }
    }

    #[test]
    fn the_name_of_an_invalidation_follows_from_run_distribution_and_paths() {
        let name = with(&["/b", "/a", "/a"]).reference("r1");
        assert!(name.starts_with("quarterdeck-r1-"), "{name}");
        assert_eq!(with(&["/a", "/b"]).reference("r1"), name);
        assert_ne!(with(&["/a", "/b"]).reference("r2"), name);
        assert_ne!(with(&["/a"]).reference("r1"), name);
        assert_ne!(
            with(&["/a/b"]).reference("r1"),
            with(&["/a", "/b"]).reference("r1")
        );
        // What is sent is in the same order.
        assert_eq!(with(&["/b", "/a", "/a"]).batch(), ["/a", "/b"]);
        assert_eq!(with(&[]).id(), "E1");
    }

    #[test]
    fn what_cloudfront_would_refuse_is_refused_before() {
        let refused = |wanted: &With, open: &[Invalidation]| {
            let paths = wanted.batch();
            check(wanted, &paths, open).map_err(|refusal| refusal.to_string())
        };
        assert_eq!(refused(&with(&["/*"]), &[]), Ok(()));
        assert!(refused(&with(&[]), &[]).is_err());
        assert!(refused(&with(&["index.html"]), &[]).is_err());
        let many: Vec<String> = (0..101).map(|number| format!("/{number}")).collect();
        let mut wanted = with(&[]);
        wanted.paths.clone_from(&many);
        let why = refused(&wanted, &[]).unwrap_err();
        assert!(why.contains("101 paths are more than the 100"), "{why}");
        wanted.most_paths = Some(200);
        assert_eq!(refused(&wanted, &[]), Ok(()));
        let open = |status: &str| Invalidation {
            id: "I1".to_owned(),
            status: status.to_owned(),
            created_at: None,
            reference: "other".to_owned(),
            paths: (0..15).map(|number| format!("/{number}/*")).collect(),
        };
        assert!(refused(&with(&["/*"]), &[open("InProgress")]).is_err());
        assert_eq!(refused(&with(&["/*"]), &[open("Completed")]), Ok(()));
    }
}
