//! `lambda.rollback_alias`: an alias back to a version that was well.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{function, query, target};
use crate::domain::function::{Alias, Function, ONLY, Routing, Version};
use crate::domain::ids::Kind;
use crate::domain::metric::MetricSpec;
use crate::domain::metric_catalog::lambda as metric;
use crate::domain::ops::{Mutation, Query, cloudwatch, lambda};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `lambda.rollback_alias`.
pub struct Rollback;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    function: String,
    alias: Option<String>,
    version: Option<String>,
}

/// Which alias of which function a change is about, whatever else the arguments say.
#[derive(Deserialize)]
struct Named {
    function: String,
    alias: String,
}

/// In place of a version: the newest one before the present one that was well.
const LAST_GOOD: &str = "last-good";

/// Versions whose metrics are asked for, newest first: two metrics each.
const MOST_CANDIDATES: usize = 10;

/// The share of failed calls, percent, up to which a version counts as well.
const WELL_PERCENT: f64 = 5.0;

/// Which version is wanted, and why.
struct Choice {
    version: String,
    /// What somebody should know of it.
    warning: Option<String>,
}

impl With {
    fn alias_name(&self) -> &str {
        self.alias.as_deref().unwrap_or(ONLY)
    }

    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(LAST_GOOD)
    }
}

fn versions_of(function: &str) -> Query {
    Query::Lambda(lambda::Read::Versions {
        function: function.to_owned(),
    })
}

fn alias<'v>(function: &'v Function, with: &With) -> Result<&'v Alias, Refusal> {
    let Some(aliases) = &function.aliases else {
        return Err(Refusal::state(format!(
            "the aliases of {} could not be read",
            function.name
        )));
    };
    function.alias(with.alias_name()).ok_or_else(|| {
        let names: Vec<&str> = aliases.iter().map(|alias| alias.name.as_str()).collect();
        let names = names.join(", ");
        match (with.alias_name(), aliases.len()) {
            (_, 0) => Refusal::absent(format!(
                "{} has no alias: there is nothing to lead back",
                function.name
            )),
            (ONLY, _) => Refusal::state(format!(
                "{} has several aliases, name one: {names}",
                function.name
            )),
            (name, _) => Refusal::absent(format!("{} has no alias {name}, but {names}", function.name)),
        }
    })
}

/// The version that serves and is to be left: the newest of those that take calls.
fn newest_served(routing: &Routing) -> Option<u64> {
    routing
        .shares()
        .iter()
        .filter_map(|(version, _)| version.parse().ok())
        .max()
}

/// Of a canary, the version beside the newest one that takes calls too.
fn beside(routing: &Routing) -> Option<u64> {
    let newest = newest_served(routing)?;
    routing
        .shares()
        .iter()
        .filter_map(|(version, _)| version.parse().ok())
        .filter(|version: &u64| *version < newest)
        .max()
}

/// Published versions before the one that serves, newest first.
fn candidates<'v>(versions: &'v [Version], routing: &Routing) -> Vec<&'v Version> {
    let Some(newest) = newest_served(routing) else {
        return Vec::new();
    };
    let mut older: Vec<&Version> = versions
        .iter()
        .filter(|version| version.number < newest)
        .collect();
    older.sort_by_key(|version| std::cmp::Reverse(version.number));
    older.truncate(MOST_CANDIDATES);
    older
}

/// Published versions after the newest one that takes calls.
fn newer<'v>(versions: &'v [Version], routing: &Routing) -> impl Iterator<Item = &'v Version> {
    let newest = newest_served(routing);
    versions
        .iter()
        .filter(move |version| newest.is_some_and(|newest| version.number > newest))
}

/// Why `last-good` cannot be told: an alias that has left a newer version was led back already, and what is
/// found wrong lags by minutes, so that who asks twice would go back twice.
fn led_back(function: &Function, alias: &Alias, versions: &[Version], view: &View) -> Option<Refusal> {
    let names = (function.name.as_str(), alias.name.as_str());
    let left = newer(versions, &alias.routing)
        .filter(|version| record(view, names, version.number).is_some())
        .max_by_key(|version| version.number)?;
    Some(Refusal::state(format!(
        "{} leads to version {}, and within a week version {} took its calls: it was led back already, and what is \
         found wrong lags by minutes; if that version is bad too, name the one to go to with version",
        alias.name,
        alias.routing.words(),
        left.number
    )))
}

/// What should be known where a newer version has taken no calls that are known.
fn unused(alias: &Alias, versions: &[Version]) -> Option<String> {
    let newest = newer(versions, &alias.routing)
        .map(|version| version.number)
        .max()?;
    Some(format!(
        "{} leads to version {}, though there is a version {newest}, of which CloudWatch has no calls through it",
        alias.name,
        alias.routing.words()
    ))
}

/// Calls and errors of a version behind an alias over the last week.
fn specs(function: &str, alias: &str, version: u64) -> [MetricSpec; 2] {
    let version = version.to_string();
    ["Invocations", "Errors"].map(|name| metric::of_version(name, (function, alias, &version)))
}

/// Calls and errors, if CloudWatch has any of the version.
fn record(view: &View, names: (&str, &str), version: u64) -> Option<(f64, f64)> {
    let [calls, errors] = specs(names.0, names.1, version);
    let sum = |spec: &MetricSpec| {
        let series = view.metric(&spec.id)?;
        Some(series.points.iter().map(|(_, value)| value).sum::<f64>())
    };
    let calls = sum(&calls)?;
    (calls > 0.0).then(|| (calls, sum(&errors).unwrap_or(0.0)))
}

fn share((calls, errors): (f64, f64)) -> f64 {
    errors / calls * 100.0
}

/// Which version was well.
fn last_good(function: &Function, alias: &Alias, view: &View) -> Result<Choice, Refusal> {
    let names = (function.name.as_str(), alias.name.as_str());
    let told = |version: u64| {
        record(view, names, version)
            .map(|known| format!("{:.1} % of {:.0} calls failed", share(known), known.0))
    };
    // A canary has the version before it at hand.
    if let Some(version) = beside(&alias.routing) {
        let warning = record(view, names, version)
            .filter(|known| share(*known) > WELL_PERCENT)
            .map(|_| {
                format!(
                    "version {version}, which takes all calls again, was not well either: {} in a week",
                    told(version).unwrap_or_default()
                )
            });
        return Ok(Choice {
            version: version.to_string(),
            warning,
        });
    }
    let candidates = candidates(view.versions(&function.name)?, &alias.routing);
    let Some(newest) = candidates.first() else {
        return Err(Refusal::absent(format!(
            "{} has no published version before {}: there is nothing to go back to",
            function.name,
            alias.routing.words()
        )));
    };
    let known: Vec<(u64, (f64, f64))> = candidates
        .iter()
        .filter_map(|version| Some((version.number, record(view, names, version.number)?)))
        .collect();
    if let Some((version, _)) = known.iter().find(|(_, known)| share(*known) <= WELL_PERCENT) {
        return Ok(Choice {
            version: version.to_string(),
            warning: None,
        });
    }
    if known.is_empty() {
        return Ok(Choice {
            version: newest.number.to_string(),
            warning: Some(format!(
                "nothing shows that version {} was well: CloudWatch has no calls of it through {} in a week",
                newest.number, alias.name
            )),
        });
    }
    let failed: Vec<String> = known
        .iter()
        .map(|(version, _)| format!("{version}: {}", told(*version).unwrap_or_default()))
        .collect();
    Err(Refusal::state(format!(
        "no version before {} was well in a week ({}): name one with version",
        alias.routing.words(),
        failed.join("; ")
    )))
}

/// Where an alias leads, as fields.
fn routed(routing: &Routing) -> Fields {
    fields([
        ("version", json!(routing.version)),
        ("weights", json!(routing.weights)),
    ])
}

fn read(fields: &Fields) -> Option<Routing> {
    let version = fields.get("version")?.as_str()?.to_owned();
    let weights = serde_json::from_value(fields.get("weights")?.clone()).ok()?;
    Some(Routing { version, weights })
}

fn summary(alias: &str, from: &Routing, to: &Routing) -> String {
    format!("alias {alias}: version {} → {}", from.words(), to.words())
}

/// How old a version is, for the plan.
fn age(version: &Version, now: Timestamp) -> Option<String> {
    let days = now.duration_since(version.modified_at?).as_hours() / 24;
    Some(match days {
        0 => "published today".to_owned(),
        1 => "published yesterday".to_owned(),
        days => format!("published {days} days ago"),
    })
}

impl Action for Rollback {
    fn name(&self) -> &'static str {
        "lambda.rollback_alias"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Leads an alias of a function back to a version that was well.\n\
                `last-good` is, while a canary is under way, the older of the two versions that take calls; else \
                the newest published version before the present one of which, as CloudWatch counted over the last \
                week, at most one call in twenty through this alias failed. Weights are dropped: all calls go to \
                one version. An alias that has left a newer version within a week was led back already: `last-good` is \
                refused then, and a version has to be named. The alias is changed only if it still leads where the plan saw it, which AWS itself \
                compares by its revision. Provisioned concurrency is the version's and does not come along. Undo \
                leads it back to where it was, weights included.",
            fields: vec![
                FieldSchema::required("function", Type::Text, "The function's name."),
                FieldSchema::optional(
                    "alias",
                    Type::Text,
                    "only",
                    "The alias; `only` is the one that there is.",
                ),
                FieldSchema::optional("version", Type::Text, "last-good", "The version, or `last-good`."),
            ],
            outputs: vec![OutputSchema::new(
                "version",
                Type::Text,
                "The version that takes the calls.",
            )],
            live: vec![OutputSchema::new(
                "version",
                Type::Text,
                "The version that takes the calls.",
            )],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::Lambda),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        // A change in a journal names the alias that was found.
        let with: With = parse(with)?;
        Ok(vec![query(&with.function), versions_of(&with.function)])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        let (Ok(Some(function)), Ok(versions)) =
            (view.function(&with.function), view.versions(&with.function))
        else {
            return Vec::new();
        };
        let Some(alias) = function.alias(with.alias_name()) else {
            return Vec::new();
        };
        if with.version() != LAST_GOOD {
            return Vec::new();
        }
        let older = candidates(versions, &alias.routing).into_iter();
        let left = newer(versions, &alias.routing).take(MOST_CANDIDATES);
        let specs: Vec<MetricSpec> = older
            .chain(left)
            .flat_map(|version| specs(&function.name, &alias.name, version.number))
            .collect();
        if specs.is_empty() {
            Vec::new()
        } else {
            vec![Query::CloudWatch(cloudwatch::Read::Metrics { specs })]
        }
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let function = function(view, &wanted.function)?;
        let alias = alias(function, &wanted)?;
        if alias.routing.version == "$LATEST" {
            return Err(Refusal::state(format!(
                "the alias {} leads to $LATEST, which is no version: publish one and lead the alias there",
                alias.name
            )));
        }
        let versions = view.versions(&function.name)?;
        let choice = match wanted.version() {
            LAST_GOOD => match led_back(function, alias, versions, view) {
                Some(refusal) => return Err(refusal),
                None => last_good(function, alias, view)?,
            },
            named => Choice {
                version: named.to_owned(),
                warning: None,
            },
        };
        let Some(version) = versions
            .iter()
            .find(|version| version.number.to_string() == choice.version)
        else {
            return Err(Refusal::absent(format!(
                "{} has no published version {}",
                function.name, choice.version
            )));
        };
        let to = Routing::to(&choice.version);
        if alias.routing == to {
            return Ok(Proposal::nothing());
        }
        let mut with = Arguments::new();
        with.insert("function".to_owned(), json!(function.name));
        with.insert("alias".to_owned(), json!(alias.name));
        with.insert("version".to_owned(), json!(choice.version));
        let mut proposal = Proposal::one(Change {
            summary: summary(&alias.name, &alias.routing, &to),
            before: routed(&alias.routing),
            after: routed(&to),
            ..Change::draft(self, target(site, function), &with)
        });
        proposal.warnings.extend(unused(alias, versions));
        proposal.warnings.extend(choice.warning);
        let about = [
            age(version, site.now),
            version.description.clone().filter(|text| !text.is_empty()),
        ];
        let about: Vec<String> = about.into_iter().flatten().collect();
        if !about.is_empty() {
            proposal
                .warnings
                .push(format!("version {} was {}", choice.version, about.join(": ")));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Sight::Gone;
        };
        let found = view.function(&with.function);
        Sight::of(found.map(|function| function?.alias(&with.alias)), |alias| {
            routed(&alias.routing)
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: Named = parse(&change.with)?;
        let (Some(from), Some(to)) = (read(&change.before), read(&change.after)) else {
            return Err(BadArguments("the change says no version".to_owned()));
        };
        Ok(Mutation::Lambda(lambda::Write::RouteAlias {
            function: with.function,
            alias: with.alias,
            from,
            to,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        Progress::of(self.sight(change, view).found(), "the alias", |live| {
            if live == change.after {
                return Progress::Done;
            }
            let version = live.get("version").and_then(Value::as_str);
            Progress::Waiting(format!(
                "the alias still leads to {}",
                version.unwrap_or("another version")
            ))
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        match (
            read(&change.before),
            read(&change.after),
            parse::<Named>(&change.with),
        ) {
            (Some(before), Some(after), Ok(named)) => {
                let mut back = change.swapped(summary(&named.alias, &after, &before));
                back.with.insert("version".to_owned(), json!(before.version));
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("where the alias led before is not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some(to)) = (parse::<Named>(&change.with), read(&change.after)) else {
            return;
        };
        let aliases = view
            .function_mut(&with.function)
            .and_then(|function| function.aliases.as_mut());
        if let Some(alias) = aliases
            .into_iter()
            .flatten()
            .find(|alias| alias.name == with.alias)
        {
            alias.routing = to;
        }
    }
}
