//! What an account has once and no region has: its bill.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{ADVICE, Collecting, fixed, seconds};
use crate::domain::inventory::Source;
use crate::domain::ops::{self, Query};

/// Spend, budgets and anomalies: of the account, not of a region.
pub(super) fn wants(collect: &mut Collecting<'_>, now: Timestamp) {
    use ops::cost::Read;
    let Some(account) = collect.state.account() else {
        return;
    };
    // Cost Explorer bills each call and knows nothing new for hours.
    let spend = seconds(collect.wishes.cadences.spend_s);
    // Cost Explorer counts in UTC days.
    let today = now.to_zoned(TimeZone::UTC).date();
    let month = today.first_of_month();
    let tomorrow = today.saturating_add(1.day());
    let from = today.saturating_sub(30.days()).min(month);
    let next_month = month.saturating_add(1.month());
    let policy = collect.wishes.policies.of(collect.state.name());
    // Cost Explorer keeps thirteen months and the present one.
    let oldest = month.saturating_sub(13.months());
    let budgets = Query::Cost(Read::Budgets {
        account: account.to_owned(),
    });
    collect.want(Source::Budgets, budgets, fixed(900, 3600), ());
    let usage = Query::Cost(Read::Usage {
        from,
        to: tomorrow,
        month,
        tag: policy.cost_tag.as_ref().map(|tag| tag.key.clone()),
        credits_since: policy
            .credits
            .as_ref()
            .and_then(|credits| credits.since)
            .map(|since| since.max(oldest)),
    });
    collect.want_each(Source::Usage, usage, spend, ());
    let forecast = Query::Cost(Read::Forecast {
        from: today,
        to: next_month,
    });
    collect.want_each(Source::Forecast, forecast, spend, ());
    let anomalies = Query::Cost(Read::Anomalies {
        from: today.saturating_sub(30.days()),
    });
    collect.want_each(Source::Anomalies, anomalies, spend, ());
    let advisor = Query::Advice(ops::advice::Read::TrustedAdvisor);
    collect.want(Source::TrustedAdvisor, advisor, ADVICE, ());
}
