//! Trusted Advisor, through the API of AWS Support: checks about cost and fault tolerance that found
//! something. <https://docs.aws.amazon.com/awssupport/latest/user/trusted-advisor.html>

use std::collections::BTreeMap;

use aws_sdk_support::types::{
    TrustedAdvisorCheckDescription, TrustedAdvisorCheckResult, TrustedAdvisorCheckSummary,
};
use jiff::Timestamp;

use crate::cloud::aws::caller::{Caller, each};
use crate::domain::advice::{Advice, AdviceLevel, Advices, Adviser, MOST_RESOURCES};
use crate::domain::fault::Fault;
use crate::domain::ops::{Operation, Reply, ReplyData};

const CHECKS: Operation = Operation::new("support", "DescribeTrustedAdvisorChecks");
const SUMMARIES: Operation = Operation::new("support", "DescribeTrustedAdvisorCheckSummaries");
const RESULT: Operation = Operation::new("support", "DescribeTrustedAdvisorCheckResult");

/// The categories that are shown.
const CATEGORIES: [&str; 2] = ["cost_optimizing", "fault_tolerance"];
/// Checks whose resources are read: each is a call.
const MOST_CHECKS: usize = 10;

/// Asks three sorts of questions: which checks there are, what they found, and where.
pub(super) async fn read(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let call = caller.support().describe_trusted_advisor_checks().language("en");
    let listed = caller.call(CHECKS, call.send()).await?;
    let checks: BTreeMap<&str, &TrustedAdvisorCheckDescription> = listed
        .checks()
        .iter()
        .filter(|check| CATEGORIES.contains(&check.category()))
        .map(|check| (check.id(), check))
        .collect();
    if checks.is_empty() {
        return Ok(Reply::whole(ReplyData::Advices(Advices::given(Vec::new()))));
    }
    let ids = checks.keys().map(|id| Some((*id).to_owned())).collect();
    let call = caller
        .support()
        .describe_trusted_advisor_check_summaries()
        .set_check_ids(Some(ids));
    let found = caller.call(SUMMARIES, call.send()).await?;
    let mut advice: Vec<Advice> = found
        .summaries()
        .iter()
        .filter_map(|summary| advice_from_sdk(checks.get(summary.check_id())?, summary))
        .collect();
    advice = Advices::given(advice).items;
    let wanted: Vec<String> = advice
        .iter()
        .take(MOST_CHECKS)
        .map(|one| one.id.clone())
        .collect();
    let results = each(wanted, |id| async move {
        let call = caller
            .support()
            .describe_trusted_advisor_check_result()
            .check_id(id)
            .language("en");
        caller.call(RESULT, call.send()).await
    })
    .await;
    let mut gaps = Vec::new();
    for result in results {
        match result {
            Ok(answer) => {
                if let Some(result) = answer.result()
                    && let Some(one) = advice.iter_mut().find(|one| one.id == result.check_id())
                {
                    one.resources = resources(result, checks.get(result.check_id()).copied());
                }
            }
            Err(fault) => gaps.push(fault),
        }
    }
    Ok(Reply {
        data: ReplyData::Advices(Advices::given(advice)),
        gaps,
    })
}

/// A check that found something; `None` for one that did not, or was not made.
fn advice_from_sdk(
    check: &TrustedAdvisorCheckDescription,
    summary: &TrustedAdvisorCheckSummary,
) -> Option<Advice> {
    let level = match summary.status() {
        "error" => AdviceLevel::Error,
        "warning" => AdviceLevel::Warning,
        _ => return None,
    };
    let flagged = summary.resources_summary().map_or(
        0,
        aws_sdk_support::types::TrustedAdvisorResourcesSummary::resources_flagged,
    );
    let flagged = u64::try_from(flagged).unwrap_or(0);
    let saves = summary
        .category_specific_summary()
        .and_then(|summary| summary.cost_optimizing())
        .map(aws_sdk_support::types::TrustedAdvisorCostOptimizingSummary::estimated_monthly_savings)
        .filter(|saves| saves.is_finite() && *saves > 0.0);
    Some(Advice {
        id: check.id().to_owned(),
        adviser: Adviser::TrustedAdvisor,
        name: check.name().to_owned(),
        category: check.category().to_owned(),
        level,
        what: format!("{flagged} flagged"),
        resources: Vec::new(),
        flagged,
        saves_usd_per_month: saves,
        checked_at: summary.timestamp().parse::<Timestamp>().ok(),
    })
}

/// The flagged resources: what the check's first two columns say of each.
fn resources(
    result: &TrustedAdvisorCheckResult,
    check: Option<&TrustedAdvisorCheckDescription>,
) -> Vec<String> {
    let titles = check
        .map(TrustedAdvisorCheckDescription::metadata)
        .unwrap_or_default();
    result
        .flagged_resources()
        .iter()
        .filter(|resource| !resource.is_suppressed())
        .take(MOST_RESOURCES)
        .map(|resource| {
            let words: Vec<String> = titles
                .iter()
                .zip(resource.metadata())
                .filter_map(|(title, value)| {
                    let value = value.as_deref().filter(|value| !value.is_empty())?;
                    Some(format!("{} {value}", title.as_deref().unwrap_or_default()))
                })
                .take(4)
                .collect();
            if words.is_empty() {
                resource.resource_id().to_owned()
            } else {
                words.join(", ")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_support::types::{
        TrustedAdvisorCategorySpecificSummary, TrustedAdvisorCostOptimizingSummary,
        TrustedAdvisorResourcesSummary,
    };
    use pretty_assertions::assert_eq;

    use super::*;

    fn check() -> TrustedAdvisorCheckDescription {
        TrustedAdvisorCheckDescription::builder()
            .id("Qch7DwouX1")
            .name("Low Utilization Amazon EC2 Instances")
            .description("…")
            .category("cost_optimizing")
            .set_metadata(Some(vec![
                Some("Region/AZ".to_owned()),
                Some("Instance ID".to_owned()),
            ]))
            .build()
            .unwrap()
    }

    fn summary(status: &str) -> TrustedAdvisorCheckSummary {
        TrustedAdvisorCheckSummary::builder()
            .check_id("Qch7DwouX1")
            .timestamp("2026-11-21T00:00:00Z")
            .status(status)
            .has_flagged_resources(true)
            .resources_summary(
                TrustedAdvisorResourcesSummary::builder()
                    .resources_processed(9)
                    .resources_flagged(2)
                    .resources_ignored(0)
                    .resources_suppressed(0)
                    .build(),
            )
            .category_specific_summary(
                TrustedAdvisorCategorySpecificSummary::builder()
                    .cost_optimizing(
                        TrustedAdvisorCostOptimizingSummary::builder()
                            .estimated_monthly_savings(41.5)
                            .estimated_percent_monthly_savings(0.1)
                            .build(),
                    )
                    .build(),
            )
            .build()
            .unwrap()
    }

    #[test]
    fn a_check_that_found_something_is_advice() {
        let advice = advice_from_sdk(&check(), &summary("warning")).unwrap();
        assert_eq!(
            (advice.level, advice.flagged, advice.saves_usd_per_month),
            (AdviceLevel::Warning, 2, Some(41.5))
        );
        assert!(advice.checked_at.is_some());
        for quiet in ["ok", "not_available"] {
            assert_eq!(advice_from_sdk(&check(), &summary(quiet)), None, "{quiet}");
        }
    }

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let declared = crate::domain::ops::advice::Read::TrustedAdvisor.operations();
        assert_eq!(declared, [CHECKS, SUMMARIES, RESULT]);
    }
}
