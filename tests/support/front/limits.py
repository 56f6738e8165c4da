"""How much AWS gives and takes in one call. moto has few of these limits, and clients rely on all."""

from dataclasses import dataclass
from typing import Any

from front.errors import Refusal, invalid


@dataclass(frozen=True)
class PageSize:
    """Items in a page: if none is asked for, and what may be asked for."""

    default: int
    least: int = 1
    most: int = 100


# Operations that are paged here, whoever answers them. The names of their tokens and lists come from
# botocore's paginators, or from OWN_KEYS where it has none. Lists of what the account has once are not among
# them: CloudFront and Route 53 write a flag beside the token, and S3 gives all buckets at once unless asked.
PAGES: dict[tuple[str, str], PageSize] = {
    ("acm", "ListCertificates"): PageSize(1000, most=1000),
    ("application-autoscaling", "DescribeScalableTargets"): PageSize(50, most=50),
    ("autoscaling", "DescribeAutoScalingGroups"): PageSize(50),
    ("autoscaling", "DescribePolicies"): PageSize(50),
    ("autoscaling", "DescribeScalingActivities"): PageSize(100),
    ("autoscaling", "DescribeScheduledActions"): PageSize(50),
    ("budgets", "DescribeBudgets"): PageSize(100, most=1000),
    ("ce", "GetAnomalies"): PageSize(100),
    ("ce", "GetCostAndUsage"): PageSize(1000, most=1000),
    ("cloudtrail", "LookupEvents"): PageSize(50, most=50),
    ("cloudwatch", "DescribeAlarmHistory"): PageSize(50),
    ("cloudwatch", "DescribeAlarms"): PageSize(50),
    ("cloudwatch", "GetMetricData"): PageSize(500, most=100_800),
    ("cloudwatch", "ListMetrics"): PageSize(500, most=500),
    ("codebuild", "ListProjects"): PageSize(100),
    ("codepipeline", "ListPipelineExecutions"): PageSize(100),
    ("codepipeline", "ListPipelines"): PageSize(1000, most=1000),
    ("ec2", "DescribeInstanceTypes"): PageSize(100, 5),
    ("ec2", "DescribeInstances"): PageSize(1000, 5, 1000),
    ("ec2", "DescribeLaunchTemplateVersions"): PageSize(200, most=200),
    ("ec2", "DescribeNatGateways"): PageSize(1000, 5, 1000),
    ("ec2", "DescribeSpotPriceHistory"): PageSize(1000, most=1000),
    ("ec2", "DescribeVpcEndpoints"): PageSize(1000, 5, 1000),
    ("ecr", "DescribeImages"): PageSize(100, most=1000),
    ("ecr", "DescribeRepositories"): PageSize(100, most=1000),
    ("ecs", "ListClusters"): PageSize(100),
    ("ecs", "ListServiceDeployments"): PageSize(20),
    ("ecs", "ListServices"): PageSize(10),
    ("ecs", "ListTasks"): PageSize(100),
    ("eks", "ListClusters"): PageSize(100),
    ("eks", "ListNodegroups"): PageSize(100),
    ("elasticache", "DescribeCacheClusters"): PageSize(100, 20),
    ("elasticache", "DescribeEvents"): PageSize(100, 20),
    ("elasticache", "DescribeReplicationGroups"): PageSize(100, 20),
    ("elasticache", "DescribeServerlessCaches"): PageSize(50),
    ("elasticloadbalancing", "DescribeLoadBalancers"): PageSize(400, most=400),
    ("elasticloadbalancing", "DescribeTargetGroups"): PageSize(400, most=400),
    ("lambda", "ListAliases"): PageSize(50, most=10_000),
    ("lambda", "ListFunctions"): PageSize(50, most=10_000),
    ("logs", "DescribeLogGroups"): PageSize(50, most=50),
    ("logs", "FilterLogEvents"): PageSize(10_000, most=10_000),
    ("rds", "DescribeDBClusterSnapshots"): PageSize(100, 20),
    ("rds", "DescribeDBClusters"): PageSize(100, 20),
    ("rds", "DescribeDBInstances"): PageSize(100, 20),
    ("rds", "DescribeDBParameters"): PageSize(100, 20),
    ("rds", "DescribeDBSnapshots"): PageSize(100, 20),
    ("rds", "DescribeEvents"): PageSize(100, 20),
    ("rds", "DescribePendingMaintenanceActions"): PageSize(100, 20),
    ("sagemaker", "ListEndpoints"): PageSize(10),
    ("sagemaker", "ListNotebookInstances"): PageSize(10),
    ("sagemaker", "ListTrainingJobs"): PageSize(10),
    ("secretsmanager", "ListSecrets"): PageSize(100),
    ("ssm", "DescribeInstanceInformation"): PageSize(10, 5, 50),
    ("ssm", "DescribeParameters"): PageSize(10, most=50),
    ("ssm", "ListCommandInvocations"): PageSize(50, most=50),
}

# Size parameter, token parameter, token of the result, lists of the result.
OWN_KEYS: dict[tuple[str, str], tuple[str, str, str, list[str]]] = {
    ("ecs", "ListServiceDeployments"): ("maxResults", "nextToken", "nextToken", ["serviceDeployments"]),
    ("ce", "GetCostAndUsage"): ("", "NextPageToken", "NextPageToken", ["ResultsByTime"]),
    # Paged by datapoint in AWS; here by metric, which a client cannot tell apart.
    ("cloudwatch", "GetMetricData"): ("MaxDatapoints", "NextToken", "NextToken", ["MetricDataResults"]),
    ("logs", "FilterLogEvents"): ("limit", "nextToken", "nextToken", ["events"]),
}


@dataclass(frozen=True)
class MostItems:
    """The longest list that an operation takes."""

    parameter: str
    most: int
    code: str
    message: str


LONGEST: dict[tuple[str, str], MostItems] = {
    ("ecs", "DescribeServices"): MostItems(
        "services", 10, "InvalidParameterException", "Services cannot have more than 10 elements"
    ),
    ("ecs", "DescribeTasks"): MostItems(
        "tasks", 100, "InvalidParameterException", "Tasks cannot have more than 100 elements"
    ),
    ("ecs", "DescribeServiceDeployments"): MostItems(
        "serviceDeploymentArns", 20, "InvalidParameterException", "At most 20 service deployments"
    ),
    ("ecs", "DescribeServiceRevisions"): MostItems(
        "serviceRevisionArns", 20, "InvalidParameterException", "At most 20 service revisions"
    ),
    ("cloudwatch", "GetMetricData"): MostItems(
        "MetricDataQueries",
        500,
        "ValidationError",
        "The collection MetricDataQueries must not have a size greater than 500.",
    ),
    ("ssm", "SendCommand"): MostItems(
        "InstanceIds", 50, "ValidationException", "InstanceIds must have length less than or equal to 50"
    ),
    ("elasticloadbalancing", "DescribeLoadBalancers"): MostItems(
        "LoadBalancerArns", 20, "ValidationError", "At most 20 load balancers can be named"
    ),
}


def check_lists(service: str, operation: str, params: dict[str, Any]) -> None:
    """Refuses a list that is too long."""
    limit = LONGEST.get((service, operation))
    if limit and len(params.get(limit.parameter) or []) > limit.most:
        raise Refusal(limit.code, limit.message)


def page_size(service: str, operation: str, asked: int | None) -> int:
    """Items in a page, if that many may be asked for."""
    limits = PAGES[service, operation]
    if asked is None:
        return limits.default
    if not limits.least <= asked <= limits.most:
        raise invalid(service, f"The page size must be between {limits.least} and {limits.most}, not {asked}")
    return asked
