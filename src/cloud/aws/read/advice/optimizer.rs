//! Compute Optimizer: what is too large, with what AWS thinks would be saved.
//! <https://docs.aws.amazon.com/compute-optimizer/latest/ug/what-is-compute-optimizer.html>

use aws_sdk_computeoptimizer::types::{
    AutoScalingGroupRecommendation, EcsServiceRecommendation, InstanceRecommendation,
    LambdaFunctionRecommendation, RdsdbRecommendation, SavingsOpportunity, Status,
};
use aws_smithy_types::DateTime;

use crate::cloud::aws::caller::{Caller, Page, Paged, pages};
use crate::cloud::aws::convert::timestamp_of;
use crate::domain::advice::{Advice, AdviceLevel, Advices, Adviser, Unavailable};
use crate::domain::fault::Fault;
use crate::domain::ids::last_segment;
use crate::domain::ops::{Operation, Reply, ReplyData};

const STATUS: Operation = Operation::new("compute-optimizer", "GetEnrollmentStatus");
const INSTANCES: Operation = Operation::new("compute-optimizer", "GetEC2InstanceRecommendations");
const GROUPS: Operation = Operation::new("compute-optimizer", "GetAutoScalingGroupRecommendations");
const DATABASES: Operation = Operation::new("compute-optimizer", "GetRDSDatabaseRecommendations");
const FUNCTIONS: Operation = Operation::new("compute-optimizer", "GetLambdaFunctionRecommendations");
const SERVICES: Operation = Operation::new("compute-optimizer", "GetECSServiceRecommendations");

/// What is no advice: all is well, or too little is known.
const WELL: [&str; 2] = ["Optimized", "Unavailable"];

/// Asks whether it is turned on, and if it is what it recommends, family by family.
pub(super) async fn read(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let call = caller.compute_optimizer().get_enrollment_status();
    let status = caller.call(STATUS, call.send()).await?;
    if !matches!(status.status(), Some(Status::Active | Status::Pending)) {
        return Ok(Reply::whole(ReplyData::Advices(Advices::unavailable(
            Unavailable::NotEnrolled,
        ))));
    }
    let answers = vec![
        instances(caller).await,
        groups(caller).await,
        databases(caller).await,
        functions(caller).await,
        services(caller).await,
    ];
    let (items, gaps) = super::super::listing::some(answers)?;
    Ok(Reply {
        data: ReplyData::Advices(Advices::given(items.into_iter().flatten().collect())),
        gaps,
    })
}

/// Declares the listing of one family: they differ in names alone.
macro_rules! listing {
    ($name:ident, $operation:ident, $call:ident, $field:ident, $convert:ident) => {
        async fn $name(caller: &Caller<'_>) -> Result<Paged<Option<Advice>>, Fault> {
            pages(|token| async move {
                let call = caller.compute_optimizer().$call().set_next_token(token);
                let page = caller.call($operation, call.send()).await?;
                Ok(Page {
                    items: page.$field().iter().map($convert).collect(),
                    next: page.next_token,
                })
            })
            .await
        }
    };
}

listing!(
    instances,
    INSTANCES,
    get_ec2_instance_recommendations,
    instance_recommendations,
    instance_from_sdk
);
listing!(
    groups,
    GROUPS,
    get_auto_scaling_group_recommendations,
    auto_scaling_group_recommendations,
    group_from_sdk
);
listing!(
    databases,
    DATABASES,
    get_rds_database_recommendations,
    rds_db_recommendations,
    database_from_sdk
);
listing!(
    functions,
    FUNCTIONS,
    get_lambda_function_recommendations,
    lambda_function_recommendations,
    function_from_sdk
);
listing!(
    services,
    SERVICES,
    get_ecs_service_recommendations,
    ecs_service_recommendations,
    service_from_sdk
);

/// What every family says.
struct Found<'a> {
    arn: Option<&'a str>,
    name: Option<&'a str>,
    category: &'static str,
    finding: Option<&'a str>,
    now: String,
    better: Option<String>,
    saving: Option<&'a SavingsOpportunity>,
    at: Option<&'a DateTime>,
}

impl Found<'_> {
    /// The advice; `None` where all is well or there is nothing to name it by.
    fn advice(self) -> Option<Advice> {
        let finding = self.finding.filter(|finding| !WELL.contains(finding))?;
        let arn = self.arn?;
        let level = if finding == "Underprovisioned" {
            AdviceLevel::Warning
        } else {
            AdviceLevel::Hint
        };
        let to = self
            .better
            .map(|better| format!(" to {better}"))
            .unwrap_or_default();
        let saves = self
            .saving
            .and_then(SavingsOpportunity::estimated_monthly_savings)
            .map(aws_sdk_computeoptimizer::types::EstimatedMonthlySavings::value)
            .filter(|saves| saves.is_finite() && *saves > 0.0);
        Some(Advice {
            id: arn.to_owned(),
            adviser: Adviser::ComputeOptimizer,
            name: self
                .name
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| last_segment(arn))
                .to_owned(),
            category: self.category.to_owned(),
            level,
            what: format!("{}: {}{to}", finding.to_lowercase(), self.now),
            resources: vec![arn.to_owned()],
            flagged: 1,
            saves_usd_per_month: saves,
            checked_at: timestamp_of(self.at),
        })
    }
}

fn instance_from_sdk(of: &InstanceRecommendation) -> Option<Advice> {
    let best = of
        .recommendation_options()
        .iter()
        .min_by_key(|option| option.rank());
    Found {
        arn: of.instance_arn(),
        name: of.instance_name(),
        category: "ec2-instance",
        finding: of.finding().map(aws_sdk_computeoptimizer::types::Finding::as_str),
        now: of.current_instance_type().unwrap_or_default().to_owned(),
        better: best.and_then(|best| best.instance_type()).map(str::to_owned),
        saving: best.and_then(|best| best.savings_opportunity()),
        at: of.last_refresh_timestamp(),
    }
    .advice()
}

fn group_from_sdk(of: &AutoScalingGroupRecommendation) -> Option<Advice> {
    let best = of
        .recommendation_options()
        .iter()
        .min_by_key(|option| option.rank());
    let now = of.current_configuration();
    Found {
        arn: of.auto_scaling_group_arn(),
        name: of.auto_scaling_group_name(),
        category: "asg",
        finding: of.finding().map(aws_sdk_computeoptimizer::types::Finding::as_str),
        now: now
            .and_then(|now| now.instance_type())
            .unwrap_or_default()
            .to_owned(),
        better: best
            .and_then(|best| best.configuration()?.instance_type())
            .map(str::to_owned),
        saving: best.and_then(|best| best.savings_opportunity()),
        at: of.last_refresh_timestamp(),
    }
    .advice()
}

fn database_from_sdk(of: &RdsdbRecommendation) -> Option<Advice> {
    let options = of.instance_recommendation_options();
    let best = options.iter().min_by_key(|option| option.rank());
    Found {
        arn: of.resource_arn(),
        name: None,
        category: "rds-instance",
        finding: of
            .instance_finding()
            .map(aws_sdk_computeoptimizer::types::RdsInstanceFinding::as_str),
        now: of.current_db_instance_class().unwrap_or_default().to_owned(),
        better: best.and_then(|best| best.db_instance_class()).map(str::to_owned),
        saving: best.and_then(|best| best.savings_opportunity()),
        at: of.last_refresh_timestamp(),
    }
    .advice()
}

fn function_from_sdk(of: &LambdaFunctionRecommendation) -> Option<Advice> {
    let options = of.memory_size_recommendation_options();
    let best = options.iter().min_by_key(|option| option.rank());
    Found {
        arn: of.function_arn(),
        name: None,
        category: "lambda",
        finding: of
            .finding()
            .map(aws_sdk_computeoptimizer::types::LambdaFunctionRecommendationFinding::as_str),
        now: format!("{} MiB", of.current_memory_size()),
        better: best.map(|best| format!("{} MiB", best.memory_size())),
        saving: best.and_then(|best| best.savings_opportunity()),
        at: of.last_refresh_timestamp(),
    }
    .advice()
}

fn service_from_sdk(of: &EcsServiceRecommendation) -> Option<Advice> {
    let best = of.service_recommendation_options().first();
    let size = |cpu: Option<i32>, memory: Option<i32>| {
        let part = |value: Option<i32>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        format!("{} CPU units, {} MiB", part(cpu), part(memory))
    };
    let now = of.current_service_configuration();
    Found {
        arn: of.service_arn(),
        name: None,
        category: "ecs-service",
        finding: of
            .finding()
            .map(aws_sdk_computeoptimizer::types::EcsServiceRecommendationFinding::as_str),
        now: size(
            now.and_then(aws_sdk_computeoptimizer::types::ServiceConfiguration::cpu),
            now.and_then(aws_sdk_computeoptimizer::types::ServiceConfiguration::memory),
        ),
        better: best.map(|best| size(best.cpu(), best.memory())),
        saving: best.and_then(|best| best.savings_opportunity()),
        at: of.last_refresh_timestamp(),
    }
    .advice()
}

#[cfg(test)]
mod tests {
    use aws_sdk_computeoptimizer::types::{
        EstimatedMonthlySavings, Finding, InstanceRecommendationOption, LambdaFunctionRecommendationFinding,
    };
    use pretty_assertions::assert_eq;

    use super::*;

    fn instance(finding: Finding) -> InstanceRecommendation {
        let option = |instance_type: &str, rank: i32, saves: f64| {
            InstanceRecommendationOption::builder()
                .instance_type(instance_type)
                .rank(rank)
                .savings_opportunity(
                    SavingsOpportunity::builder()
                        .estimated_monthly_savings(EstimatedMonthlySavings::builder().value(saves).build())
                        .build(),
                )
                .build()
        };
        InstanceRecommendation::builder()
            .instance_arn("arn:aws:ec2:us-east-1:123456789012:instance/i-1")
            .instance_name("")
            .current_instance_type("m5.large")
            .finding(finding)
            .recommendation_options(option("t3.medium", 2, 9.0))
            .recommendation_options(option("t3.large", 1, 12.5))
            .build()
    }

    #[test]
    fn the_first_option_is_what_is_advised() {
        let advice = instance_from_sdk(&instance(Finding::OverProvisioned)).unwrap();
        assert_eq!(
            (
                advice.name.as_str(),
                advice.what.as_str(),
                advice.saves_usd_per_month
            ),
            ("i-1", "overprovisioned: m5.large to t3.large", Some(12.5))
        );
        assert_eq!(advice.level, AdviceLevel::Hint);
        assert_eq!(instance_from_sdk(&instance(Finding::Optimized)), None);
    }

    #[test]
    fn what_aws_cannot_tell_is_no_advice() {
        let function = LambdaFunctionRecommendation::builder()
            .function_arn("arn:aws:lambda:us-east-1:123456789012:function:resize")
            .current_memory_size(512)
            .finding(LambdaFunctionRecommendationFinding::Unavailable)
            .build();
        assert_eq!(function_from_sdk(&function), None);
    }

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let read = crate::domain::ops::advice::Read::ComputeOptimizer {
            region: String::new(),
        };
        assert_eq!(
            read.operations(),
            [STATUS, INSTANCES, GROUPS, DATABASES, FUNCTIONS, SERVICES]
        );
    }
}
