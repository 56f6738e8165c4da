//! From an estate file of the right shape to an estate: everything that a shape cannot say.

mod recovery;
mod scopes;
mod thresholds;

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};

use super::Estate;
use super::file::{
    AcceptFile, ApiVersion, BudgetFile, ConfirmName, CostTagFile, Day, EnvironmentName, EstateFile,
    HoursFile, Kind, NightFile, OneOrMore, QueueFile, SelectFile,
};
use crate::domain::diagnostic::{Diagnostic, Span, quoted};
use crate::domain::document::{Node, Step};
use crate::domain::glob::Glob;
use crate::domain::policy::{
    AcceptedFinding, BusinessHours, ConfirmLevel, CostTag, Credits, Environment, FixedCost, NightCapacity,
    Policy, Selection, TagFilter, WorkQueue, Zone,
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
    let cost_tag = file
        .budget
        .as_ref()
        .and_then(|budget| budget.cost_tag.as_ref())
        .map(|tag| cost_tag(tag, file.select.as_ref(), &file.name));
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
        cost_tag,
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
        guard_alarms: file.guard_alarms,
        recovery: check.recovery(file.recovery),
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

/// The estate's cost allocation tag: what the file says, else what it selects by, else its name.
fn cost_tag(tag: &CostTagFile, select: Option<&SelectFile>, estate: &str) -> CostTag {
    let selected = select.and_then(|select| match select.tags.get(&tag.key)? {
        OneOrMore::One(value) if !value.contains(['*', '?']) => Some(value.as_str()),
        OneOrMore::One(_) | OneOrMore::More(_) => None,
    });
    CostTag {
        key: tag.key.clone(),
        value: tag.value.as_deref().or(selected).unwrap_or(estate).to_owned(),
    }
}

/// The tree, to find places in, and what has been found so far.
struct Check<'a> {
    root: &'a Node,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn at(&self, steps: &[Step<'_>]) -> Span {
        self.root.at(steps)
    }

    /// An error at a place, to be given more words and then to [`Check::report`].
    fn error(&self, steps: &[Step<'_>], message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.at(steps), message)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    fn name(&mut self, name: &str) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if name.len() > 40 || !starts_well || !name.chars().all(allowed) {
            let message = format!("{} cannot be the name of an estate", quoted(name));
            self.report(
                self.error(&["name".into()], message)
                    .note("up to 40 letters, digits, `-`, `_` and `.`, beginning with a letter or digit"),
            );
        }
    }

    fn zone(&mut self, name: Option<&str>) -> Zone {
        let Some(name) = name else {
            return Zone::utc();
        };
        Zone::named(name).unwrap_or_else(|unknown| {
            let guess = unknown.nearest.as_ref();
            self.report(
                self.error(&["time_zone".into()], unknown.to_string())
                    .label(guess.map_or_else(String::new, |zone| format!("did you mean `{zone}`?")))
                    .note("an IANA name of a place, such as `Asia/Seoul`"),
            );
            Zone::utc()
        })
    }

    fn budget(&mut self, file: Option<BudgetFile>) -> (Option<f64>, Vec<FixedCost>, Option<Credits>) {
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
            let span = self.at(&["budget".into(), "monthly_usd".into()]);
            self.report(Diagnostic::warning(
                span,
                format!("the fixed costs alone, {total} USD, exceed this budget"),
            ));
        }
        let credits = file.credits.map(|credits| Credits {
            amount_usd: credits.amount_usd,
            since: credits
                .since
                .and_then(|since| self.date(&since, &["budget".into(), "credits".into(), "since".into()])),
            until: credits
                .until
                .and_then(|until| self.date(&until, &["budget".into(), "credits".into(), "until".into()])),
        });
        (file.monthly_usd, fixed, credits)
    }

    fn date(&mut self, text: &str, steps: &[Step<'_>]) -> Option<Date> {
        // The parser would also take `20261231` and a date with a time.
        let date = text.parse::<Date>().ok();
        let date = date.filter(|date| date.to_string() == text);
        if date.is_none() {
            let message = format!("{} is not a date", quoted(text));
            let advice = "year-month-day, such as `2026-12-31`";
            self.report(self.error(steps, message).label(advice));
        }
        date
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
                self.report(self.error(&steps, message).label("at most `desired`"));
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
            let first = files[..index].iter().position(|other| other.queue == queue.queue);
            if let Some(first) = first {
                let at = |index: usize| self.at(&["queues".into(), index.into(), "queue".into()]);
                let message = format!("the queue {} is described twice", quoted(&queue.queue));
                self.report(
                    Diagnostic::error(at(index), message)
                        .label("name all that it feeds in one place")
                        .related(at(first), "first described here"),
                );
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
            let message = format!("the day ends before it begins, at {}", quoted(&file.from));
            self.report(self.error(&["business_hours".into(), "to".into()], message));
        }
        Some(BusinessHours { days, from, to })
    }

    fn time(&mut self, text: &str, key: &'static str) -> Option<Time> {
        let time = text
            .split_once(':')
            .filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2)
            .and_then(|(hours, minutes)| Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok());
        if time.is_none() {
            let message = format!("{} is not a time of day", quoted(text));
            self.report(
                self.error(&["business_hours".into(), key.into()], message)
                    .label("hours:minutes, such as `09:00`"),
            );
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
