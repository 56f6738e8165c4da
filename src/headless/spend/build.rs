//! From the picture to the document of spend.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::burn_rate;
use crate::domain::credit_gauge::CreditGauge;
use crate::domain::inventory::ScopeState;
use crate::domain::picture::Picture;
use crate::domain::policy::Policy;
use crate::domain::price::BurnRate;
use crate::domain::reconcile::reconcile;
use crate::domain::rules::Policies;
use crate::headless::spend::document::{
    AccountEntry, AnomalyEntry, BudgetEntry, Burn, CreditEntry, DayEntry, EstateEntry, FixedEntry,
    SavingEntry, ServiceEntry, Spend, TagEntry, Yesterday, YesterdayEntry,
};
use crate::headless::status::build::second;

/// Spend of all accounts of a picture.
pub fn spend(picture: &Picture, policies: &Policies) -> Spend {
    // Cost Explorer counts in UTC days.
    let today = picture.at.to_zoned(TimeZone::UTC).date();
    let leaders = bills(picture);
    let spent = |state: &ScopeState| state.usage.get()?.month_to_date(today);
    let month_to_date = sum(&leaders, spent);
    let rest = |state: &ScopeState| state.forecast.get().map(|forecast| forecast.rest_of_month);
    let low = |state: &ScopeState| state.forecast.get()?.low;
    let high = |state: &ScopeState| state.forecast.get()?.high;
    let with_rest = |rest: Option<f64>| Some(cents(month_to_date? + rest?));
    Spend {
        currency: leaders
            .iter()
            .find_map(|state| state.usage.get())
            .map_or_else(|| "USD".to_owned(), |usage| usage.currency.clone()),
        month_to_date: month_to_date.map(cents),
        forecast: with_rest(sum(&leaders, rest)),
        forecast_low: with_rest(sum(&leaders, low)),
        forecast_high: with_rest(sum(&leaders, high)),
        credits: sum(&leaders, |state| state.usage.get()?.credits).map(cents),
        credit_gauges: credit_gauges(picture, policies, today),
        budgets: picture.inventory.account_leaders().flat_map(budgets).collect(),
        estates: estates(picture, policies),
        by_service: by_service(&leaders, today),
        by_account: by_account(&leaders, today),
        by_tag: by_tag(&leaders),
        anomalies: picture.inventory.account_leaders().flat_map(anomalies).collect(),
        daily: daily(&leaders),
        burn_rate_per_hour: burn(picture),
        yesterday: yesterday(picture, today),
        savings: savings(picture),
        as_of: leaders
            .iter()
            .filter_map(|state| state.usage.at())
            .min()
            .map(second),
        source: leaders
            .iter()
            .find_map(|state| state.usage.get())
            .map(|usage| format!("Cost Explorer, {}", usage.metric)),
    }
}

/// One scope of each account, without members whose bill is part of another one's.
fn bills(picture: &Picture) -> Vec<&ScopeState> {
    let leaders: Vec<&ScopeState> = picture.inventory.account_leaders().collect();
    let is_member_of = |state: &ScopeState, payer: &ScopeState| {
        let linked = payer.usage.get().map_or(&[][..], |usage| &usage.by_account);
        payer.account() != state.account()
            && linked
                .iter()
                .any(|(account, _)| Some(account.as_str()) == state.account())
    };
    let on_its_own = |state: &&ScopeState| !leaders.iter().any(|payer| is_member_of(state, payer));
    leaders.iter().copied().filter(on_its_own).collect()
}

/// The sum over all accounts; `None` unless every account is known.
fn sum(leaders: &[&ScopeState], amount: impl Fn(&ScopeState) -> Option<f64>) -> Option<f64> {
    if leaders.is_empty() {
        return None;
    }
    leaders.iter().map(|state| amount(state)).sum()
}

/// An amount without digits that nobody pays.
fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

fn budgets(state: &ScopeState) -> Vec<BudgetEntry> {
    let scope = state.scope.global_name().to_string();
    let budgets = state.budgets.get().into_iter().flatten();
    budgets
        .map(|budget| BudgetEntry {
            name: budget.name.clone(),
            scope: scope.clone(),
            period: budget.period.clone(),
            unit: budget.unit.clone(),
            limit: budget.limit,
            actual: budget.actual,
            forecast: budget.forecast,
        })
        .collect()
}

fn credit_gauges(picture: &Picture, policies: &Policies, today: Date) -> Vec<CreditEntry> {
    picture
        .inventory
        .account_leaders()
        .filter_map(|state| {
            let credits = policies.of(state.name()).credits.as_ref()?;
            let gauge = CreditGauge::of(credits, state.usage.get(), today);
            Some(CreditEntry {
                scope: state.scope.global_name().to_string(),
                amount: gauge.amount,
                used: gauge.used.map(|(used, _)| cents(used)),
                used_since: gauge.used.map(|(_, since)| since),
                paid_otherwise: gauge.paid_otherwise.map(cents),
                left: gauge.left.map(cents),
                exact: gauge.is_whole,
                per_day: gauge.per_day.map(cents),
                days_left: gauge.days_left.map(cents),
                dry_on: gauge.dry_on,
                until: gauge.until,
                eaters: gauge
                    .eaters
                    .into_iter()
                    .map(|(service, amount)| ServiceEntry {
                        service,
                        amount: cents(amount),
                    })
                    .collect(),
            })
        })
        .collect()
}

fn by_tag(leaders: &[&ScopeState]) -> Option<Vec<TagEntry>> {
    let mut amounts: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let mut named = false;
    for costs in leaders
        .iter()
        .filter_map(|state| state.usage.get()?.by_tag.as_ref())
    {
        named = true;
        for (value, amount) in &costs.by_value {
            *amounts.entry((&costs.key, value)).or_default() += amount;
        }
    }
    let mut entries: Vec<TagEntry> = amounts
        .into_iter()
        .map(|((key, value), amount)| TagEntry {
            key: key.to_owned(),
            value: value.to_owned(),
            amount: cents(amount),
        })
        .collect();
    entries.sort_by(|a, b| b.amount.total_cmp(&a.amount).then_with(|| a.value.cmp(&b.value)));
    named.then_some(entries)
}

fn anomalies(state: &ScopeState) -> Vec<AnomalyEntry> {
    let scope = state.scope.global_name().to_string();
    let anomalies = state.anomalies.get().into_iter().flatten();
    anomalies
        .map(|anomaly| AnomalyEntry {
            id: anomaly.id.clone(),
            scope: scope.clone(),
            start: anomaly.start.clone(),
            end: anomaly.end.clone(),
            impact_usd: cents(anomaly.impact_usd),
            actual_usd: anomaly.actual_usd.map(cents),
            expected_usd: anomaly.expected_usd.map(cents),
            causes: anomaly.causes.clone(),
        })
        .collect()
}

fn yesterday(picture: &Picture, today: Date) -> Yesterday {
    let both = reconcile(&picture.inventory, &picture.burn, today);
    Yesterday {
        date: both.day,
        estimated: both.estimated,
        billed: both.billed.map(cents),
        running: both.running.map(|usd| cents(usd.as_f64())),
        by_service: both
            .lines
            .into_iter()
            .map(|line| YesterdayEntry {
                difference: line.difference().map(cents),
                billed: line.billed.map(cents),
                running: line.running.map(|usd| cents(usd.as_f64())),
                service: line.service,
                because: line.because,
            })
            .collect(),
        notes: both.notes,
    }
}

fn savings(picture: &Picture) -> Vec<SavingEntry> {
    picture
        .savings
        .iter()
        .filter(|saving| saving.accepted.is_none())
        .map(|saving| SavingEntry {
            rule: saving.rule.clone(),
            kind: saving.resource.kind.name(),
            id: saving.resource.id.to_string(),
            scope: saving.resource.scope.to_string(),
            name: saving.name.clone(),
            title: saving.title.clone(),
            evidence: saving.evidence.clone(),
            saves_usd_per_month: saving.saves.map(|usd| cents(usd.as_f64())),
            runbooks: saving.runbooks.clone(),
        })
        .collect()
}

/// The month to date of an estate: by its tag, else of the account that it is the whole of.
fn estates_month(state: &ScopeState, policy: &Policy, today: Date) -> Option<f64> {
    let usage = state.usage.get()?;
    if let Some(tag) = &policy.cost_tag {
        let costs = usage.by_tag.as_ref().filter(|costs| costs.key == tag.key)?;
        return costs.of(&tag.value);
    }
    let is_accounts = state.selection.is_everything();
    is_accounts.then(|| usage.month_to_date(today)).flatten()
}

/// Each policy once, with the scopes that it holds for.
fn estates(picture: &Picture, policies: &Policies) -> Vec<EstateEntry> {
    let today = picture.at.to_zoned(TimeZone::UTC).date();
    let month = |scopes: &[String], policy: &Policy| {
        let leaders = picture.inventory.account_leaders();
        let of: Vec<&ScopeState> = leaders
            .filter(|state| scopes.iter().any(|scope| *scope == state.name().to_string()))
            .collect();
        sum(&of, |state| estates_month(state, policy, today)).map(cents)
    };
    let mut found: Vec<(&Policy, Vec<String>)> = Vec::new();
    for state in picture.inventory.shown() {
        let policy: &Policy = policies.of(state.name());
        let name = state.name().to_string();
        match found.iter_mut().find(|(known, _)| std::ptr::eq(*known, policy)) {
            Some((_, scopes)) => scopes.push(name),
            None => found.push((policy, vec![name])),
        }
    }
    found
        .into_iter()
        .filter(|(policy, _)| policy.monthly_budget_usd.is_some() || !policy.fixed_monthly_costs.is_empty())
        .map(|(policy, scopes)| EstateEntry {
            month_to_date: month(&scopes, policy),
            scopes,
            monthly_budget: policy.monthly_budget_usd,
            fixed_monthly: burn_rate::fixed_costs(policy)
                .into_iter()
                .map(|(name, amount)| FixedEntry { name, amount })
                .collect(),
        })
        .collect()
}

fn by_service(leaders: &[&ScopeState], today: Date) -> Vec<ServiceEntry> {
    let mut amounts: BTreeMap<&str, f64> = BTreeMap::new();
    for usage in leaders.iter().filter_map(|state| state.usage.get()) {
        for (service, amount) in usage.days_of_month(today).flat_map(|day| &day.by_service) {
            *amounts.entry(service).or_default() += amount;
        }
    }
    let mut entries: Vec<ServiceEntry> = amounts
        .into_iter()
        .map(|(service, amount)| ServiceEntry {
            service: service.to_owned(),
            amount: cents(amount),
        })
        .collect();
    entries.sort_by(|a, b| {
        b.amount
            .total_cmp(&a.amount)
            .then_with(|| a.service.cmp(&b.service))
    });
    entries
}

/// By linked account where the bill tells, else each account that was asked.
fn by_account(leaders: &[&ScopeState], today: Date) -> Vec<AccountEntry> {
    let mut amounts: BTreeMap<String, f64> = BTreeMap::new();
    for state in leaders {
        let Some(usage) = state.usage.get() else { continue };
        if usage.by_account.is_empty()
            && let (Some(account), Some(amount)) = (state.account(), usage.month_to_date(today))
        {
            amounts.insert(account.to_owned(), amount);
        }
        for (account, amount) in &usage.by_account {
            // A payer account and its member may both be watched: the same bill is counted once.
            amounts.entry(account.clone()).or_insert(*amount);
        }
    }
    let mut entries: Vec<AccountEntry> = amounts
        .into_iter()
        .map(|(account, amount)| AccountEntry {
            account,
            amount: cents(amount),
        })
        .collect();
    entries.sort_by(|a, b| {
        b.amount
            .total_cmp(&a.amount)
            .then_with(|| a.account.cmp(&b.account))
    });
    entries
}

fn daily(leaders: &[&ScopeState]) -> Vec<DayEntry> {
    let mut days: BTreeMap<Date, (f64, bool)> = BTreeMap::new();
    for day in leaders
        .iter()
        .filter_map(|state| state.usage.get())
        .flat_map(|usage| &usage.daily)
    {
        let (amount, estimated) = days.entry(day.date).or_default();
        *amount += day.total();
        *estimated |= day.estimated;
    }
    days.into_iter()
        .map(|(date, (amount, estimated))| DayEntry {
            date,
            amount: cents(amount),
            estimated,
        })
        .collect()
}

/// The burn rate.
fn burn(picture: &Picture) -> Burn {
    let BurnRate {
        total,
        by_kind,
        mut items,
        unknown,
        as_of,
        unread,
    } = picture.burn.clone();
    items.sort_by_key(|item| (item.per_hour().is_none(), Reverse(item.per_hour())));
    Burn {
        total,
        by_kind: by_kind
            .into_iter()
            .map(|(kind, rate)| (kind.name(), rate))
            .collect(),
        items,
        unpriced: unknown,
        unread,
        prices_of: as_of,
        excludes: BurnRate::EXCLUDES,
    }
}

#[cfg(test)]
mod tests;
