//! From an estate file of the right shape to an estate: everything that a shape cannot say.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};

use super::file::{
    AcceptFile, ApiVersion, BudgetFile, ConfirmName, Day, EnvironmentName, EstateFile, HoursFile,
    Kind, NightFile, OneOrMore, QueueFile, ScopeFile, SelectFile, ThresholdFile,
};
use super::{Estate, ScopeSpec};
use crate::config::regions;
use crate::domain::diagnostic::{Diagnostic, quoted};
use crate::domain::document::{Node, Step};
use crate::domain::glob::Glob;
use crate::domain::policy::{
    AcceptedFinding, BusinessHours, ConfirmLevel, Credits, Environment, FixedCost, Limit,
    NightCapacity, Policy, Selection, Setting, SettingError, Side, TagFilter, Threshold,
    Thresholds, WorkQueue, Zone,
};

/// Checks the meaning of every part; the estate is of use only if no error was found.
pub(super) fn estate(file: EstateFile, root: &Node) -> (Estate, Vec<Diagnostic>) {
    let mut check = Check {
        root,
        found: Vec::new(),
    };
    // A second version or kind has to be told apart here.
    let (ApiVersion::V1, Kind::Estate) = (file.api_version, file.kind);
    check.name(&file.name);
    let environment = match file.environment {
        EnvironmentName::Prod => Environment::Prod,
        EnvironmentName::Staging => Environment::Staging,
        EnvironmentName::Dev => Environment::Dev,
    };
    let (monthly_budget_usd, fixed_monthly_costs, credits) = check.budget(file.budget);
    let policy = Policy {
        environment,
        read_only_default: file
            .read_only
            .unwrap_or_else(|| environment.read_only_by_default()),
        time_zone: check.zone(file.time_zone.as_deref()),
        monthly_budget_usd,
        fixed_monthly_costs,
        credits,
        thresholds: check.thresholds(&file.thresholds),
        accepted: check.accepted(file.accept),
        night_capacity: check.nights(&file.night_capacity),
        work_queues: check.queues(&file.queues),
        business_hours: check.hours(file.business_hours.as_ref()),
        confirm_at_least: match file.confirm {
            None | Some(ConfirmName::None) => ConfirmLevel::None,
            Some(ConfirmName::Ack) => ConfirmLevel::Ack,
            Some(ConfirmName::TypeName) => ConfirmLevel::TypeName,
        },
    };
    let estate = Estate {
        name: file.name,
        description: file.description,
        scopes: check.scopes(file.scopes),
        selection: selection(file.select.unwrap_or_default()),
        probe_document: file.probe_document,
        log_groups: file.log_groups.into_iter().map(Glob::new).collect(),
        policy,
    };
    (estate, check.found)
}

struct Check<'a> {
    root: &'a Node,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    /// Reports an error at a place and returns it for more words.
    fn error(&mut self, steps: &[Step<'_>], message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::error(self.root.at(steps), message))
    }

    fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.found.push(diagnostic);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn name(&mut self, name: &str) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if name.len() > 40 || !starts_well || !name.chars().all(allowed) {
            let message = format!("{} cannot be the name of an estate", quoted(name));
            self.error(&["name".into()], message).notes.push(
                "up to 40 letters, digits, `-`, `_` and `.`, beginning with a letter or digit"
                    .to_owned(),
            );
        }
    }

    fn zone(&mut self, name: Option<&str>) -> Zone {
        let Some(name) = name else {
            return Zone::utc();
        };
        Zone::named(name).unwrap_or_else(|unknown| {
            let diagnostic = self.error(&["time_zone".into()], unknown.to_string());
            if let Some(nearest) = &unknown.nearest {
                diagnostic.label = format!("did you mean `{nearest}`?");
            }
            diagnostic
                .notes
                .push("an IANA name of a place, such as `Asia/Seoul`".to_owned());
            Zone::utc()
        })
    }

    fn scopes(&mut self, files: Vec<ScopeFile>) -> Vec<ScopeSpec> {
        let mut scopes: Vec<ScopeSpec> = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            self.region(&file.region, index);
            self.role(&file, index);
            let name = file.name.unwrap_or_else(|| {
                let profile = file.profile.as_deref().unwrap_or("default");
                format!("{profile}/{}", file.region)
            });
            if let Some(first) = scopes.iter().position(|scope| scope.name == name) {
                let span = self.root.at(&["scopes".into(), index.into()]);
                let related = self.root.at(&["scopes".into(), first.into()]);
                self.push(
                    Diagnostic::error(span, format!("two scopes are called {}", quoted(&name)))
                        .label("give one of them a `name` of its own")
                        .related(related, "the first one"),
                );
            }
            scopes.push(ScopeSpec {
                name,
                profile: file.profile,
                region: file.region,
                role_arn: file.role_arn,
                external_id: file.external_id,
                mfa_serial: file.mfa_serial,
                account: file.account,
            });
        }
        scopes
    }

    fn region(&mut self, region: &str, index: usize) {
        let span = self
            .root
            .at(&["scopes".into(), index.into(), "region".into()]);
        let guess = regions::nearest_known(region)
            .map_or_else(String::new, |known| format!("did you mean `{known}`?"));
        if !regions::is_well_formed(region) {
            let message = format!("{} is not a region", quoted(region));
            self.push(Diagnostic::error(span, message).label(guess));
        } else if !regions::is_known(region) {
            // AWS opens regions; a build must not lock its user out of one.
            let message = format!("{} is not a region that this build knows", quoted(region));
            self.push(Diagnostic::warning(span, message).label(guess));
        }
    }

    fn role(&mut self, file: &ScopeFile, index: usize) {
        let at = |key: &'static str| [Step::from("scopes"), index.into(), key.into()];
        if let Some(account) = &file.account
            && !is_account(account)
        {
            let message = format!("{} is not an account id", quoted(account));
            self.error(&at("account"), message).label = "12 digits".to_owned();
        }
        let Some(role) = &file.role_arn else {
            if file.external_id.is_some() {
                self.error(
                    &at("external_id"),
                    "an external id without a role to assume",
                )
                .label = "add `role_arn`, or remove this".to_owned();
            }
            return;
        };
        match role_account(role) {
            None => {
                let message = format!("{} is not the ARN of a role", quoted(role));
                self.error(&at("role_arn"), message)
                    .notes
                    .push("such as `arn:aws:iam::123456789012:role/oncall`".to_owned());
            }
            Some(owner) => {
                if let Some(account) = file.account.as_deref()
                    && is_account(account)
                    && account != owner
                {
                    let span = self.root.at(&at("role_arn"));
                    let related = self.root.at(&at("account"));
                    self.push(
                        Diagnostic::error(
                            span,
                            format!("this role belongs to the account {owner}"),
                        )
                        .related(related, "which is not the account of the scope"),
                    );
                }
            }
        }
    }

    fn budget(
        &mut self,
        file: Option<BudgetFile>,
    ) -> (Option<f64>, Vec<FixedCost>, Option<Credits>) {
        let Some(file) = file else {
            return (None, Vec::new(), None);
        };
        let fixed: Vec<FixedCost> = file
            .fixed_costs
            .into_iter()
            .map(|cost| FixedCost {
                name: cost.name,
                monthly_usd: cost.monthly_usd,
            })
            .collect();
        let total: f64 = fixed.iter().map(|cost| cost.monthly_usd).sum();
        if let Some(budget) = file.monthly_usd
            && total > budget
        {
            let span = self.root.at(&["budget".into(), "monthly_usd".into()]);
            self.push(Diagnostic::warning(
                span,
                format!("the fixed costs alone, {total} USD, exceed this budget"),
            ));
        }
        let credits = file.credits.map(|credits| Credits {
            amount_usd: credits.amount_usd,
            until: credits.until.and_then(|until| {
                self.date(&until, &["budget".into(), "credits".into(), "until".into()])
            }),
        });
        (file.monthly_usd, fixed, credits)
    }

    fn date(&mut self, text: &str, steps: &[Step<'_>]) -> Option<Date> {
        // The parser would also take `20261231` and a date with a time.
        let date = text.parse::<Date>().ok();
        let date = date.filter(|date| date.to_string() == text);
        if date.is_none() {
            let message = format!("{} is not a date", quoted(text));
            self.error(steps, message).label = "year-month-day, such as `2026-12-31`".to_owned();
        }
        date
    }

    fn thresholds(&mut self, files: &BTreeMap<String, ThresholdFile>) -> Thresholds {
        let mut thresholds = Thresholds::default();
        for declared in Thresholds::ALL {
            let Some(file) = files.get(declared.name) else {
                continue;
            };
            let setting = match (declared.default, *file) {
                (Setting::Limit(default), ThresholdFile::Levels { warn, crit }) => {
                    Setting::Limit(Limit {
                        warn: warn.unwrap_or(default.warn),
                        crit: crit.unwrap_or(default.crit),
                        side: default.side,
                    })
                }
                (_, ThresholdFile::Value(number)) => Setting::Value(number),
                (other @ Setting::Value(_), ThresholdFile::Levels { .. }) => other,
            };
            if let Err(error) = thresholds.set(declared.name, setting) {
                self.threshold_error(declared, setting, error);
            }
        }
        thresholds
    }

    fn threshold_error(&mut self, declared: &Threshold, setting: Setting, error: SettingError) {
        let (SettingError::Order, Setting::Limit(limit)) = (error, setting) else {
            // Names, kinds and ranges are part of the shape, which has been checked.
            self.error(
                &["thresholds".into(), declared.name.into()],
                error.to_string(),
            );
            return;
        };
        let entry = self
            .root
            .get("thresholds")
            .and_then(|all| all.get(declared.name));
        let origin = |key: &str| {
            let given = entry.is_some_and(|entry| {
                entry
                    .get(key)
                    .is_some_and(|node| node.value != crate::domain::document::Value::Null)
            });
            if given { "" } else { " (the default)" }
        };
        let order = match limit.side {
            Side::Above => "warn must not be above crit",
            Side::Below => "warn must not be below crit",
        };
        let message = format!(
            "warn {}{} lies beyond crit {}{}",
            limit.warn,
            origin("warn"),
            limit.crit,
            origin("crit")
        );
        self.error(&["thresholds".into(), declared.name.into()], message)
            .notes
            .push(format!(
                "{order}; {}: {}",
                declared.name,
                declared.about.trim().trim_end_matches('.')
            ));
    }

    fn accepted(&mut self, files: Vec<AcceptFile>) -> Vec<AcceptedFinding> {
        files
            .into_iter()
            .enumerate()
            .filter_map(|(index, file)| {
                let steps = ["accept".into(), index.into(), "until".into()];
                let until = self.date(&file.until, &steps)?;
                Some(AcceptedFinding {
                    rule: Glob::new(file.rule),
                    subject: Glob::new(file.subject),
                    reason: file.reason,
                    until,
                })
            })
            .collect()
    }

    fn nights(&mut self, files: &BTreeMap<String, NightFile>) -> BTreeMap<String, NightCapacity> {
        for (group, night) in files {
            if night.min > night.desired {
                let message = format!(
                    "at least {} instances cannot be met by {}",
                    night.min, night.desired
                );
                let steps = ["night_capacity".into(), group.as_str().into(), "min".into()];
                self.error(&steps, message).label = "at most `desired`".to_owned();
            }
        }
        files
            .iter()
            .map(|(group, night)| {
                let capacity = NightCapacity {
                    min: night.min,
                    desired: night.desired,
                };
                (group.clone(), capacity)
            })
            .collect()
    }

    fn queues(&mut self, files: &[QueueFile]) -> Vec<WorkQueue> {
        for (index, queue) in files.iter().enumerate() {
            let first = files[..index]
                .iter()
                .position(|other| other.queue == queue.queue);
            if let Some(first) = first {
                let at = |index: usize| {
                    self.root
                        .at(&["queues".into(), index.into(), "queue".into()])
                };
                let diagnostic = Diagnostic::error(
                    at(index),
                    format!("the queue {} is described twice", quoted(&queue.queue)),
                )
                .label("name all that it feeds in one place")
                .related(at(first), "first described here");
                self.push(diagnostic);
            }
        }
        files
            .iter()
            .map(|queue| WorkQueue {
                queue: queue.queue.clone(),
                feeds: queue.feeds.clone(),
            })
            .collect()
    }

    fn hours(&mut self, file: Option<&HoursFile>) -> Option<BusinessHours> {
        let file = file?;
        let from = self.time(&file.from, "from");
        let to = self.time(&file.to, "to");
        let week = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri];
        let wanted = file.days.as_deref().unwrap_or(&week);
        let days: Vec<Weekday> = [
            (Day::Mon, Weekday::Monday),
            (Day::Tue, Weekday::Tuesday),
            (Day::Wed, Weekday::Wednesday),
            (Day::Thu, Weekday::Thursday),
            (Day::Fri, Weekday::Friday),
            (Day::Sat, Weekday::Saturday),
            (Day::Sun, Weekday::Sunday),
        ]
        .into_iter()
        .filter(|(day, _)| wanted.contains(day))
        .map(|(_, weekday)| weekday)
        .collect();
        let (from, to) = (from?, to?);
        if to <= from {
            self.error(
                &["business_hours".into(), "to".into()],
                format!("the day ends before it begins, at {}", quoted(&file.from)),
            );
        }
        Some(BusinessHours { days, from, to })
    }

    fn time(&mut self, text: &str, key: &'static str) -> Option<Time> {
        let time = text
            .split_once(':')
            .filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2)
            .and_then(|(hours, minutes)| {
                Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
            });
        if time.is_none() {
            let message = format!("{} is not a time of day", quoted(text));
            self.error(&["business_hours".into(), key.into()], message)
                .label = "hours:minutes, such as `09:00`".to_owned();
        }
        time
    }
}

fn selection(file: SelectFile) -> Selection {
    let globs = |texts: Vec<String>| texts.into_iter().map(Glob::new).collect::<Vec<_>>();
    Selection {
        clusters: globs(file.clusters),
        names: globs(file.names),
        tags: file
            .tags
            .into_iter()
            .map(|(key, values)| TagFilter {
                key,
                values: globs(match values {
                    OneOrMore::One(value) => vec![value],
                    OneOrMore::More(values) => values,
                }),
            })
            .collect(),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account that owns a role, if the text is the ARN of one.
fn role_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let right = scheme == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && is_account(account)
        && resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
    right.then_some(account)
}
