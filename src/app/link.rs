//! Where else to look at a resource: its page in the AWS console, and the aws command that shows it.

use crate::domain::bucket::{Bucket, Exposure};
use crate::domain::ids::{Kind, ResourceKey, last_segment};
use crate::domain::inventory::ScopeState;

/// The address of the resource's page in the AWS Management Console.
pub fn console_address(scope: &ScopeState, resource: &ResourceKey) -> Option<String> {
    let region = scope.scope.region.as_str();
    let base = format!("https://{region}.console.aws.amazon.com");
    let id = &*resource.id;
    let name = last_segment(id);
    Some(match resource.kind {
        Kind::EcsService => {
            let (cluster, service) = service_of(id)?;
            format!("{base}/ecs/v2/clusters/{cluster}/services/{service}/health?region={region}")
        }
        Kind::Asg => {
            let name = id
                .rsplit_once("autoScalingGroupName/")
                .map_or(name, |(_, name)| name);
            format!("{base}/ec2/home?region={region}#AutoScalingGroupDetails:id={name}")
        }
        Kind::Ec2Instance | Kind::GpuHost => {
            format!("{base}/ec2/home?region={region}#InstanceDetails:instanceId={id}")
        }
        Kind::Gpu => return None,
        Kind::RdsInstance => format!("{base}/rds/home?region={region}#database:id={name}"),
        Kind::RdsCluster => format!("{base}/rds/home?region={region}#database:id={name};is-cluster=true"),
        Kind::Redis => format!("{base}/elasticache/home?region={region}#/redis/{name}"),
        Kind::TargetGroup => format!("{base}/ec2/home?region={region}#TargetGroup:targetGroupArn={id}"),
        Kind::LoadBalancer => format!("{base}/ec2/home?region={region}#LoadBalancer:loadBalancerArn={id}"),
        Kind::Alarm => {
            let name = id.split_once(":alarm:").map_or(name, |(_, name)| name);
            format!(
                "{base}/cloudwatch/home?region={region}#alarmsV2:alarm/{}",
                escaped(name)
            )
        }
        Kind::Queue => format!("{base}/sqs/v3/home?region={region}#/queues"),
        Kind::LogGroup => {
            let name = id.split_once(":log-group:").map_or(name, |(_, name)| name);
            // CloudWatch escapes the name twice, with `$` for the second percent sign.
            let twice = escaped(name).replace('%', "$25");
            format!("{base}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{twice}")
        }
        Kind::NatGateway => {
            format!("{base}/vpcconsole/home?region={region}#NatGatewayDetails:natGatewayId={id}")
        }
        Kind::SagemakerEndpoint => format!("{base}/sagemaker/home?region={region}#/endpoints/{name}"),
        Kind::TrainingJob => format!("{base}/sagemaker/home?region={region}#/jobs/{name}"),
        Kind::NotebookInstance if id.starts_with("app/") => {
            format!("{base}/sagemaker/home?region={region}#/studio")
        }
        Kind::NotebookInstance => {
            format!("{base}/sagemaker/home?region={region}#/notebook-instances/{name}")
        }
        Kind::Budget => "https://us-east-1.console.aws.amazon.com/costmanagement/home#/budgets".to_owned(),
        Kind::Scope => format!("{base}/console/home?region={region}"),
        Kind::Pipeline => {
            format!("{base}/codesuite/codepipeline/pipelines/{name}/view?region={region}")
        }
        Kind::EcrRepository => format!("{base}/ecr/repositories?region={region}"),
        Kind::Advice if id.starts_with("arn:") => {
            format!("{base}/compute-optimizer/home?region={region}#/dashboard")
        }
        Kind::Advice => "https://us-east-1.console.aws.amazon.com/trustedadvisor/home#/dashboard".to_owned(),
        Kind::CodebuildProject => {
            format!("{base}/codesuite/codebuild/projects/{name}/history?region={region}")
        }
        Kind::Lambda => format!("{base}/lambda/home?region={region}#/functions/{name}?tab=monitoring"),
        Kind::EksCluster => format!("{base}/eks/clusters/{name}?region={region}"),
        Kind::Nodegroup => {
            let (cluster, group) = nodegroup_of(id)?;
            format!("{base}/eks/clusters/{cluster}/nodegroups/{group}?region={region}")
        }
        Kind::ScalableTarget => return None,
        Kind::Bucket => format!("https://s3.console.aws.amazon.com/s3/buckets/{}", bucket_of(id)),
        Kind::Distribution => {
            format!("https://us-east-1.console.aws.amazon.com/cloudfront/v4/home#/distributions/{name}")
        }
        Kind::VpcEndpoint => {
            format!("{base}/vpcconsole/home?region={region}#EndpointDetails:vpcEndpointId={id}")
        }
        Kind::Certificate => {
            let region = region_of(id).unwrap_or(region);
            format!("https://{region}.console.aws.amazon.com/acm/home?region={region}#/certificates/{name}")
        }
        Kind::HealthCheck => {
            format!("https://us-east-1.console.aws.amazon.com/route53/healthchecks/home#/details/{id}")
        }
        Kind::Secret => format!(
            "{base}/secretsmanager/secret?name={}&region={region}",
            escaped(secret_of(id))
        ),
        Kind::Parameter => format!(
            "{base}/systems-manager/parameters/{}/description?region={region}",
            escaped(parameter_of(id))
        ),
    })
}

/// The aws command that shows the resource, with the profile and region it was seen with.
pub fn command(scope: &ScopeState, resource: &ResourceKey) -> Option<String> {
    let id = &*resource.id;
    let name = last_segment(id);
    let what = match resource.kind {
        Kind::EcsService => {
            let (cluster, service) = service_of(id)?;
            format!(
                "ecs describe-services --cluster {} --services {}",
                quoted(cluster),
                quoted(service)
            )
        }
        Kind::Asg => {
            let name = id
                .rsplit_once("autoScalingGroupName/")
                .map_or(name, |(_, name)| name);
            format!(
                "autoscaling describe-auto-scaling-groups --auto-scaling-group-names {}",
                quoted(name)
            )
        }
        Kind::Ec2Instance => format!("ec2 describe-instances --instance-ids {}", quoted(id)),
        Kind::GpuHost => format!("ssm start-session --target {}", quoted(id)),
        Kind::Gpu => return None,
        Kind::RdsInstance => format!(
            "rds describe-db-instances --db-instance-identifier {}",
            quoted(name)
        ),
        Kind::RdsCluster => format!(
            "rds describe-db-clusters --db-cluster-identifier {}",
            quoted(name)
        ),
        Kind::Redis if id.contains(":replicationgroup:") => {
            format!(
                "elasticache describe-replication-groups --replication-group-id {}",
                quoted(name)
            )
        }
        Kind::Redis if id.contains(":serverlesscache:") => {
            format!(
                "elasticache describe-serverless-caches --serverless-cache-name {}",
                quoted(name)
            )
        }
        Kind::Redis => {
            format!(
                "elasticache describe-cache-clusters --show-cache-node-info --cache-cluster-id {}",
                quoted(name)
            )
        }
        Kind::TargetGroup => format!("elbv2 describe-target-health --target-group-arn {}", quoted(id)),
        Kind::LoadBalancer => format!(
            "elbv2 describe-load-balancers --load-balancer-arns {}",
            quoted(id)
        ),
        Kind::Alarm => {
            let name = id.split_once(":alarm:").map_or(name, |(_, name)| name);
            format!(
                "cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --alarm-names {}",
                quoted(name)
            )
        }
        Kind::Queue => format!("sqs get-queue-url --queue-name {}", quoted(name)),
        Kind::LogGroup => {
            let name = id.split_once(":log-group:").map_or(name, |(_, name)| name);
            format!("logs tail {} --follow", quoted(name))
        }
        Kind::NatGateway => format!("ec2 describe-nat-gateways --nat-gateway-ids {}", quoted(id)),
        Kind::Budget => {
            let account = scope.account()?;
            format!(
                "budgets describe-budget --account-id {account} --budget-name {}",
                quoted(id)
            )
        }
        Kind::SagemakerEndpoint => format!("sagemaker describe-endpoint --endpoint-name {}", quoted(name)),
        Kind::TrainingJob => format!(
            "sagemaker describe-training-job --training-job-name {}",
            quoted(name)
        ),
        Kind::NotebookInstance if id.starts_with("app/") => "sagemaker list-apps".to_owned(),
        Kind::NotebookInstance => format!(
            "sagemaker describe-notebook-instance --notebook-instance-name {}",
            quoted(name)
        ),
        Kind::Scope => "sts get-caller-identity".to_owned(),
        Kind::Pipeline => format!("codepipeline get-pipeline-state --name {}", quoted(name)),
        Kind::EcrRepository => format!(
            "ecr describe-images --repository-name {}",
            quoted(repository_name(id))
        ),
        Kind::CodebuildProject => format!(
            "codebuild list-builds-for-project --project-name {}",
            quoted(name)
        ),
        Kind::Bucket => {
            let name = bucket_of(id);
            let mut known = scope.buckets.get().into_iter().flatten();
            let bucket = known.find(|bucket| bucket.name == name);
            // Of a bucket that is known to be closed, what matters is what it keeps.
            let asked = match bucket.and_then(Bucket::exposure) {
                Some(Exposure::Public) | None => "get-public-access-block",
                Some(_) => "get-bucket-lifecycle-configuration",
            };
            format!("s3api {asked} --bucket {}", quoted(name))
        }
        Kind::Distribution => format!("cloudfront get-distribution --id {}", quoted(name)),
        Kind::VpcEndpoint => format!("ec2 describe-vpc-endpoints --vpc-endpoint-ids {}", quoted(id)),
        Kind::Certificate => format!("acm describe-certificate --certificate-arn {}", quoted(id)),
        Kind::HealthCheck => format!("route53 get-health-check-status --health-check-id {}", quoted(id)),
        Kind::Secret => format!("secretsmanager describe-secret --secret-id {}", quoted(id)),
        Kind::Parameter => format!(
            "ssm describe-parameters --parameter-filters Key=Name,Values={}",
            quoted(parameter_of(id))
        ),
        Kind::Advice if id.starts_with("arn:") => "compute-optimizer get-recommendation-summaries".to_owned(),
        Kind::Advice => format!(
            "support describe-trusted-advisor-check-result --region us-east-1 --check-id {}",
            quoted(id)
        ),
        Kind::Lambda => format!(
            "lambda get-function-configuration --function-name {}",
            quoted(name)
        ),
        Kind::EksCluster => format!("eks describe-cluster --name {}", quoted(name)),
        Kind::Nodegroup => {
            let (cluster, group) = nodegroup_of(id)?;
            format!(
                "eks describe-nodegroup --cluster-name {} --nodegroup-name {}",
                quoted(cluster),
                quoted(group)
            )
        }
        Kind::ScalableTarget => {
            let known = scope.scaling.get().into_iter().flatten();
            let target = known.into_iter().find(|target| target.id == id)?;
            format!(
                "application-autoscaling describe-scaling-activities --service-namespace {} --resource-id {}",
                quoted(&target.namespace),
                quoted(&target.resource)
            )
        }
    };
    let profile = scope
        .scope
        .profile
        .as_ref()
        .map_or_else(String::new, |name| format!(" --profile {}", quoted(name)));
    let region = match resource.kind {
        Kind::Certificate => region_of(id).unwrap_or(&scope.scope.region),
        _ => &scope.scope.region,
    };
    Some(format!("aws {what} --region {region}{profile}"))
}

/// The bucket's name in its ARN.
fn bucket_of(arn: &str) -> &str {
    last_segment(arn)
}

/// The region in an ARN; certificates of CloudFront are in another one than their scope.
fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

/// The name in a secret's ARN, without the six characters that AWS adds.
fn secret_of(arn: &str) -> &str {
    let name = arn.split_once(":secret:").map_or(arn, |(_, name)| name);
    name.rsplit_once('-').map_or(name, |(name, _)| name)
}

/// The name in a parameter's ARN; that of a hierarchy begins with a slash.
fn parameter_of(arn: &str) -> &str {
    let Some((_, name)) = arn.split_once(":parameter") else {
        return arn;
    };
    match name.strip_prefix('/') {
        Some(plain) if !plain.contains('/') => plain,
        _ => name,
    }
}

/// The name of a repository, which may have slashes in it.
fn repository_name(id: &str) -> &str {
    id.split_once(":repository/").map_or(id, |(_, name)| name)
}

/// The commands that lead into a cluster, for its pods: the context first, then k9s with it. The context
/// has a name of its own, so that no other cluster of the same name is met.
pub fn kubernetes_commands(scope: &ScopeState, cluster: &ResourceKey) -> Option<[String; 2]> {
    let name = match cluster.kind {
        Kind::EksCluster => last_segment(&cluster.id),
        Kind::Nodegroup => nodegroup_of(&cluster.id)?.0,
        _ => return None,
    };
    let scope = &scope.scope;
    let context = match &scope.profile {
        Some(profile) => format!("{profile}-{}-{name}", scope.region),
        None => format!("{}-{name}", scope.region),
    };
    let profile = scope
        .profile
        .as_ref()
        .map_or_else(String::new, |profile| format!(" --profile {}", quoted(profile)));
    let role = scope.role.as_ref().map_or_else(String::new, |role| {
        format!(" --role-arn {}", quoted(&role.role_arn))
    });
    Some([
        format!(
            "aws eks update-kubeconfig --name {} --alias {} --region {}{profile}{role}",
            quoted(name),
            quoted(&context),
            scope.region
        ),
        format!("k9s --context {}", quoted(&context)),
    ])
}

/// Cluster and node group of `…:nodegroup/CLUSTER/GROUP/UUID`.
fn nodegroup_of(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.split_once(":nodegroup/")?.1.split('/');
    Some((parts.next()?, parts.next()?))
}

/// Cluster and service of `…:service/CLUSTER/SERVICE`.
fn service_of(arn: &str) -> Option<(&str, &str)> {
    arn.split_once(":service/")?.1.split_once('/')
}

/// A word for a POSIX shell: names come from outside and may hold anything.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Text for an address.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::scope::{Scope, ScopeName};

    fn scope() -> ScopeState {
        ScopeState::new(Arc::new(Scope {
            name: ScopeName::new("prod/eu-west-1"),
            profile: Some("prod".to_owned()),
            region: "eu-west-1".to_owned(),
            role: None,
            expected_account: None,
            account_name: None,
        }))
    }

    fn key(kind: Kind, id: &str) -> ResourceKey {
        ResourceKey::new(&ScopeName::new("prod/eu-west-1"), kind, id)
    }

    #[test]
    fn names_from_outside_stay_one_word() {
        let alarm = key(Kind::Alarm, "arn:aws:cloudwatch:eu-west-1:1:alarm:a'; rm -rf ~ #");
        assert_eq!(
            command(&scope(), &alarm).unwrap(),
            "aws cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --alarm-names 'a'\\''; rm -rf ~ #' --region eu-west-1 --profile prod"
        );
    }

    #[test]
    fn clusters_and_node_groups_lead_to_their_pods() {
        let way = [
            "aws eks update-kubeconfig --name main --alias prod-eu-west-1-main --region eu-west-1 --profile prod",
            "k9s --context prod-eu-west-1-main",
        ];
        let cluster = key(Kind::EksCluster, "arn:aws:eks:eu-west-1:1:cluster/main");
        let group = key(Kind::Nodegroup, "arn:aws:eks:eu-west-1:1:nodegroup/main/app/1f");
        for resource in [&cluster, &group] {
            assert_eq!(
                kubernetes_commands(&scope(), resource)
                    .unwrap()
                    .each_ref()
                    .map(String::as_str),
                way
            );
        }
        assert_eq!(
            command(&scope(), &group).unwrap(),
            "aws eks describe-nodegroup --cluster-name main --nodegroup-name app --region eu-west-1 --profile prod"
        );
        assert_eq!(kubernetes_commands(&scope(), &key(Kind::Queue, "q")), None);
    }

    #[test]
    fn services_and_log_groups_have_their_pages() {
        let service = key(Kind::EcsService, "arn:aws:ecs:eu-west-1:1:service/shop/api");
        assert_eq!(
            console_address(&scope(), &service).unwrap(),
            "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/shop/services/api/health?region=eu-west-1"
        );
        let group = key(Kind::LogGroup, "arn:aws:logs:eu-west-1:1:log-group:/ecs/api");
        assert!(
            console_address(&scope(), &group)
                .unwrap()
                .ends_with("log-group/$252Fecs$252Fapi")
        );
    }
}
