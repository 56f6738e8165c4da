//! Every API operation that a read or a change may take: what the IAM policy grants and what
//! read-only mode admits. An operation that is missing here is refused when it is called, so that
//! a new read or change is noticed at its first run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::asg::{RefreshSettings, ScheduledAction, Spared};
use crate::domain::function::Routing;
use crate::domain::ops::rds::{
    ClusterModification, ClusterOrigin, ClusterRestoreSettings, DbModification, MemberSettings, OwnCopy,
    RestoreSettings,
};
use crate::domain::ops::{
    Mutation, Operation, Query, acm, advice, application_auto_scaling, autoscaling, cloudformation,
    cloudfront, cloudtrail, cloudwatch, codebuild, codepipeline, cost, ec2, ecr, ecs, eks, elasticache, elb,
    exec, http, lambda, logs, rds, route53, s3, sagemaker, secretsmanager, sns, sqs, ssm, sts,
};
use crate::domain::policy::Selection;
use crate::domain::sagemaker::NotebookForm;

/// The operations of every read.
pub fn read_operations() -> BTreeSet<Operation> {
    queries()
        .iter()
        .flat_map(|query| query.operations().iter().copied())
        .collect()
}

/// The operations of every change.
pub fn write_operations() -> BTreeSet<Operation> {
    mutations().iter().map(Mutation::operation).collect()
}

/// What changes read right before they are made.
pub fn prerequisites() -> BTreeSet<Operation> {
    mutations()
        .iter()
        .flat_map(|change| change.prerequisites().iter().copied())
        .collect()
}

/// A copy that a run made.
const fn own_copy() -> OwnCopy {
    OwnCopy {
        instance: String::new(),
        resource_id: String::new(),
        run: String::new(),
    }
}

/// One query of each sort; what it asks about does not matter.
fn queries() -> Vec<Query> {
    let since = Timestamp::UNIX_EPOCH;
    let day = Date::ZERO;
    let none = String::new;
    vec![
        Query::Sts(sts::Read::CallerIdentity),
        Query::Ecs(ecs::Read::Fleet),
        Query::Ecs(ecs::Read::FleetOf(Selection::default())),
        Query::Ecs(ecs::Read::Tasks {
            cluster: none(),
            service: none(),
        }),
        Query::Ecs(ecs::Read::TaskDefinitions {
            revisions: Vec::new(),
        }),
        Query::Ecs(ecs::Read::Deployments {
            cluster: none(),
            service: none(),
        }),
        Query::Ecs(ecs::Read::Revisions { family: none() }),
        Query::AutoScaling(autoscaling::Read::Groups),
        Query::AutoScaling(autoscaling::Read::Activities { since }),
        Query::AutoScaling(autoscaling::Read::Policies),
        Query::AutoScaling(autoscaling::Read::InstanceRefreshes { group: none() }),
        Query::Ec2(ec2::Read::Instances),
        Query::Ec2(ec2::Read::InstanceTypes { types: Vec::new() }),
        Query::Ec2(ec2::Read::SpotPrices { types: Vec::new() }),
        Query::Ec2(ec2::Read::NatGateways),
        Query::Ec2(ec2::Read::VpcEndpoints),
        Query::Ssm(ssm::Read::Hosts),
        Query::Ssm(ssm::Read::Parameters),
        Query::Ssm(ssm::Read::GpuProbe {
            instances: Vec::new(),
            document: None,
        }),
        Query::Ssm(ssm::Read::GpuSamples {
            instances: Vec::new(),
            samples: 1,
            gap_s: 0,
        }),
        Query::Ssm(ssm::Read::Command {
            document: none(),
            instance: none(),
            id: None,
            since,
        }),
        Query::Sns(sns::Read::Topic { arn: none() }),
        Query::Http(http::Read::Get {
            url: none(),
            timeout_s: 1,
        }),
        Query::Rds(rds::Read::Instances),
        Query::Rds(rds::Read::Clusters),
        Query::Rds(rds::Read::Snapshots),
        Query::Rds(rds::Read::PendingMaintenance),
        Query::Rds(rds::Read::Events { since }),
        Query::Rds(rds::Read::ConnectionLimits {
            parameter_groups: Vec::new(),
        }),
        Query::Rds(rds::Read::Proxies),
        Query::ElastiCache(elasticache::Read::Caches),
        Query::ElastiCache(elasticache::Read::Events { since }),
        Query::ElastiCache(elasticache::Read::Snapshots { group: none() }),
        Query::ElastiCache(elasticache::Read::NodeTypes(elasticache::Nodes::Group(none()))),
        Query::Elb(elb::Read::Balancing),
        Query::Elb(elb::Read::Listeners {
            load_balancers: Vec::new(),
        }),
        Query::CloudWatch(cloudwatch::Read::Alarms),
        Query::CloudWatch(cloudwatch::Read::AlarmHistory { since }),
        Query::CloudWatch(cloudwatch::Read::Metrics { specs: Vec::new() }),
        Query::CloudWatch(cloudwatch::Read::GpuMetricList),
        Query::Sqs(sqs::Read::Queues),
        Query::Logs(logs::Read::Groups),
        Query::Logs(logs::Read::Events {
            group: none(),
            stream: None,
            from_ms: 0,
            to_ms: None,
            pattern: None,
            token: None,
        }),
        Query::Cost(cost::Read::Usage {
            tag: None,
            credits_since: None,
            from: day,
            to: day,
            month: day,
        }),
        Query::Cost(cost::Read::Forecast { from: day, to: day }),
        Query::Cost(cost::Read::Anomalies { from: day }),
        Query::Cost(cost::Read::Budgets { account: none() }),
        Query::Advice(advice::Read::TrustedAdvisor),
        Query::Advice(advice::Read::ComputeOptimizer { region: none() }),
        Query::CloudTrail(cloudtrail::Read::Lookup {
            resource: none(),
            since,
            region: None,
        }),
        Query::Ecr(ecr::Read::Images {
            registry: None,
            repository: none(),
        }),
        Query::CodePipeline(codepipeline::Read::Pipelines),
        Query::CodePipeline(codepipeline::Read::Executions {
            pipelines: Vec::new(),
        }),
        Query::CodePipeline(codepipeline::Read::SucceededIn {
            pipeline: none(),
            stage: none(),
        }),
        Query::CodePipeline(codepipeline::Read::ChangeIn {
            pipeline: none(),
            execution: none(),
        }),
        Query::CodeBuild(codebuild::Read::Projects),
        Query::Ecr(ecr::Read::Repositories),
        Query::CloudFormation(cloudformation::Read::Stack { name: none() }),
        Query::ApplicationAutoScaling(application_auto_scaling::Read::EcsTargets),
        Query::ApplicationAutoScaling(application_auto_scaling::Read::EndpointTargets),
        Query::Sagemaker(sagemaker::Read::Endpoints),
        Query::Sagemaker(sagemaker::Read::EndpointConfigs { name: None }),
        Query::Sagemaker(sagemaker::Read::TrainingJobs { since }),
        Query::Sagemaker(sagemaker::Read::Notebooks),
        Query::ApplicationAutoScaling(application_auto_scaling::Read::Everything),
        Query::Lambda(lambda::Read::Functions),
        Query::Lambda(lambda::Read::FunctionsOf(Selection::default())),
        Query::Lambda(lambda::Read::Function { name: none() }),
        Query::Lambda(lambda::Read::Versions { function: none() }),
        Query::Eks(eks::Read::Clusters),
        Query::Eks(eks::Read::Upgrades),
        Query::Eks(eks::Read::Update {
            cluster: none(),
            nodegroup: none(),
            id: none(),
        }),
        Query::S3(s3::Read::Buckets { account: none() }),
        Query::S3(s3::Read::Storage { buckets: Vec::new() }),
        Query::CloudFront(cloudfront::Read::Distributions),
        Query::CloudFront(cloudfront::Read::Invalidations {
            distribution: none(),
            since: None,
        }),
        Query::CloudFront(cloudfront::Read::Metrics { specs: Vec::new() }),
        Query::Acm(acm::Read::Certificates),
        Query::Acm(acm::Read::EdgeCertificates),
        Query::Route53(route53::Read::Dns),
        Query::Route53(route53::Read::Zones),
        Query::Route53(route53::Read::Records {
            zone: none(),
            name: none(),
        }),
        Query::Route53(route53::Read::Change { id: none() }),
        Query::SecretsManager(secretsmanager::Read::Secrets),
    ]
}

/// One change of each sort; what it changes does not matter.
fn mutations() -> Vec<Mutation> {
    let none = String::new;
    vec![
        Mutation::Ecs(ecs::Write::UpdateService {
            cluster: none(),
            service: none(),
            task_definition: None,
            desired: None,
            force_new_deployment: false,
        }),
        Mutation::Ecs(ecs::Write::StopServiceDeployment { arn: none() }),
        Mutation::Ecs(ecs::Write::RegisterCopy {
            source: none(),
            images: Vec::new(),
        }),
        Mutation::Ecs(ecs::Write::StopTask {
            cluster: none(),
            task: none(),
            reason: none(),
        }),
        Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
            group: none(),
            min: None,
            max: None,
            desired: None,
        }),
        Mutation::AutoScaling(autoscaling::Write::PutWarmPool {
            group: none(),
            min: 0,
            max_prepared: None,
            state: none(),
            reuse_on_scale_in: false,
        }),
        Mutation::AutoScaling(autoscaling::Write::SuspendProcesses {
            group: none(),
            processes: Vec::new(),
        }),
        Mutation::AutoScaling(autoscaling::Write::ResumeProcesses {
            group: none(),
            processes: Vec::new(),
        }),
        Mutation::AutoScaling(autoscaling::Write::SetInstanceProtection {
            group: none(),
            instances: Vec::new(),
            protected: false,
        }),
        Mutation::AutoScaling(autoscaling::Write::TerminateInstance { instance: none() }),
        Mutation::AutoScaling(autoscaling::Write::PutTags {
            group: none(),
            tags: Vec::new(),
        }),
        Mutation::AutoScaling(autoscaling::Write::DeleteTags {
            group: none(),
            keys: Vec::new(),
        }),
        Mutation::AutoScaling(autoscaling::Write::PutScheduledAction {
            group: none(),
            action: ScheduledAction {
                name: none(),
                recurrence: None,
                time_zone: None,
                start: None,
                min: None,
                max: None,
                desired: None,
            },
        }),
        Mutation::AutoScaling(autoscaling::Write::DeleteScheduledAction {
            group: none(),
            name: none(),
        }),
        Mutation::AutoScaling(autoscaling::Write::StartInstanceRefresh {
            group: none(),
            settings: RefreshSettings {
                min_healthy_percent: 90,
                max_healthy_percent: None,
                warmup_s: None,
                skip_matching: false,
                spared: Spared::Ignore,
                template: None,
            },
        }),
        Mutation::AutoScaling(autoscaling::Write::CancelInstanceRefresh { group: none() }),
        Mutation::AutoScaling(autoscaling::Write::RollbackInstanceRefresh { group: none() }),
        Mutation::Ec2(ec2::Write::StopInstances {
            instances: Vec::new(),
        }),
        Mutation::Ec2(ec2::Write::StartInstances {
            instances: Vec::new(),
        }),
        Mutation::Ec2(ec2::Write::RebootInstances {
            instances: Vec::new(),
        }),
        Mutation::Ec2(ec2::Write::PutTags {
            instance: none(),
            tags: Vec::new(),
        }),
        Mutation::Ec2(ec2::Write::DeleteTags {
            instance: none(),
            keys: Vec::new(),
        }),
        Mutation::Ecs(ecs::Write::PutTags {
            service: none(),
            tags: Vec::new(),
        }),
        Mutation::Ecs(ecs::Write::DeleteTags {
            service: none(),
            keys: Vec::new(),
        }),
        Mutation::Rds(rds::Write::PutTags {
            arn: none(),
            tags: Vec::new(),
        }),
        Mutation::Rds(rds::Write::DeleteTags {
            arn: none(),
            keys: Vec::new(),
        }),
        Mutation::Rds(rds::Write::CreateSnapshot {
            instance: none(),
            snapshot: none(),
        }),
        Mutation::Rds(rds::Write::RestoreFromSnapshot {
            snapshot: none(),
            instance: none(),
            settings: Box::new(RestoreSettings::default()),
        }),
        Mutation::Rds(rds::Write::RestoreToPointInTime {
            source: none(),
            instance: none(),
            at: None,
            settings: Box::new(RestoreSettings::default()),
        }),
        Mutation::Rds(rds::Write::Rename {
            instance: none(),
            to: none(),
        }),
        Mutation::Rds(rds::Write::Stop { instance: none() }),
        Mutation::Rds(rds::Write::Start { instance: none() }),
        Mutation::Rds(rds::Write::Reboot {
            instance: none(),
            failover: false,
        }),
        Mutation::Rds(rds::Write::Modify {
            instance: none(),
            change: Box::new(DbModification::default()),
        }),
        Mutation::Rds(rds::Write::CreateClusterSnapshot {
            cluster: none(),
            snapshot: none(),
        }),
        Mutation::Rds(rds::Write::RestoreCluster {
            from: ClusterOrigin::Snapshot { snapshot: none() },
            cluster: none(),
            settings: Box::new(ClusterRestoreSettings::default()),
        }),
        Mutation::Rds(rds::Write::RestoreCluster {
            from: ClusterOrigin::Time {
                source: none(),
                at: None,
            },
            cluster: none(),
            settings: Box::new(ClusterRestoreSettings::default()),
        }),
        Mutation::Rds(rds::Write::CreateMember {
            cluster: none(),
            instance: none(),
            settings: Box::new(MemberSettings::default()),
        }),
        Mutation::Rds(rds::Write::ModifyCluster {
            cluster: none(),
            change: Box::new(ClusterModification::default()),
        }),
        Mutation::Rds(rds::Write::RenameCluster {
            cluster: none(),
            to: none(),
        }),
        Mutation::Rds(rds::Write::StopCluster { cluster: none() }),
        Mutation::Rds(rds::Write::StartCluster { cluster: none() }),
        Mutation::Rds(rds::Write::FailoverCluster {
            cluster: none(),
            to: None,
        }),
        Mutation::Rds(rds::Write::UnprotectCopy { copy: own_copy() }),
        Mutation::Rds(rds::Write::DeleteCopy { copy: own_copy() }),
        Mutation::ElastiCache(elasticache::Write::TestFailover {
            group: none(),
            shard: none(),
        }),
        Mutation::ElastiCache(elasticache::Write::Promote {
            group: none(),
            node: none(),
        }),
        Mutation::ElastiCache(elasticache::Write::Resize {
            nodes: elasticache::Nodes::Cluster(none()),
            node_type: none(),
        }),
        Mutation::ElastiCache(elasticache::Write::Resize {
            nodes: elasticache::Nodes::Group(none()),
            node_type: none(),
        }),
        Mutation::ElastiCache(elasticache::Write::CreateSnapshot {
            group: none(),
            snapshot: none(),
        }),
        Mutation::Elb(elb::Write::DeregisterTargets {
            target_group: none(),
            targets: Vec::new(),
        }),
        Mutation::Elb(elb::Write::RegisterTargets {
            target_group: none(),
            targets: Vec::new(),
        }),
        Mutation::CloudWatch(cloudwatch::Write::EnableAlarmActions { alarms: Vec::new() }),
        Mutation::CloudWatch(cloudwatch::Write::DisableAlarmActions { alarms: Vec::new() }),
        Mutation::Sqs(sqs::Write::StartMessageMoveTask { source: none() }),
        Mutation::Ssm(ssm::Write::RunDocument {
            document: none(),
            instance: none(),
            parameters: std::collections::BTreeMap::new(),
            comment: none(),
            deliver_within_s: 30,
        }),
        Mutation::Sns(sns::Write::Publish {
            topic: none(),
            subject: none(),
            message: none(),
            group: none(),
        }),
        Mutation::Http(http::Write::Post {
            to: http::Destination::Url(none()),
            body: none(),
        }),
        Mutation::Exec(exec::Write::Run {
            program: none(),
            arguments: Vec::new(),
            timeout_s: 1,
        }),
        Mutation::Route53(route53::Write::Put(route53::Cname {
            zone: none(),
            name: none(),
            value: none(),
            ttl_s: 0,
        })),
        Mutation::Ecr(ecr::Write::PutTag {
            repository: none(),
            digest: none(),
            tag: none(),
        }),
        Mutation::CodePipeline(codepipeline::Write::DisableTransition {
            pipeline: none(),
            stage: none(),
            reason: none(),
        }),
        Mutation::CodePipeline(codepipeline::Write::EnableTransition {
            pipeline: none(),
            stage: none(),
        }),
        Mutation::CodePipeline(codepipeline::Write::RetryStage {
            pipeline: none(),
            stage: none(),
            execution: none(),
            mode: codepipeline::RetryMode::Failed,
        }),
        Mutation::CodePipeline(codepipeline::Write::Answer {
            pipeline: none(),
            stage: none(),
            action: none(),
            execution: none(),
            answer: codepipeline::Approval::Approve,
            summary: none(),
        }),
        Mutation::CodePipeline(codepipeline::Write::RollbackStage {
            pipeline: none(),
            stage: none(),
            target: none(),
        }),
        Mutation::ApplicationAutoScaling(application_auto_scaling::Write::SetBounds {
            resource: none(),
            min: 0,
            max: 0,
        }),
        Mutation::Sagemaker(sagemaker::Write::UpdateEndpoint {
            endpoint: none(),
            config: none(),
        }),
        Mutation::Sagemaker(sagemaker::Write::ScaleVariant {
            endpoint: none(),
            variant: none(),
            count: 1,
        }),
        Mutation::Sagemaker(sagemaker::Write::DeleteEndpoint { endpoint: none() }),
        Mutation::Sagemaker(sagemaker::Write::CreateEndpoint {
            endpoint: none(),
            config: none(),
            tags: Vec::new(),
        }),
        Mutation::Sagemaker(sagemaker::Write::StopNotebook { notebook: none() }),
        Mutation::Sagemaker(sagemaker::Write::StartNotebook { notebook: none() }),
        Mutation::Sagemaker(sagemaker::Write::DeleteApp {
            app: NotebookForm::Instance,
        }),
        Mutation::Sagemaker(sagemaker::Write::CreateApp {
            app: NotebookForm::Instance,
            instance_type: None,
        }),
        Mutation::Lambda(lambda::Write::RouteAlias {
            function: none(),
            alias: none(),
            from: Routing::to(""),
            to: Routing::to(""),
        }),
        Mutation::Lambda(lambda::Write::PutConcurrency {
            function: none(),
            reserved: 0,
        }),
        Mutation::Lambda(lambda::Write::DeleteConcurrency { function: none() }),
        Mutation::Lambda(lambda::Write::PutTags {
            function: none(),
            tags: Vec::new(),
        }),
        Mutation::Lambda(lambda::Write::DeleteTags {
            function: none(),
            keys: Vec::new(),
        }),
        Mutation::Eks(eks::Write::ScaleNodegroup {
            cluster: none(),
            nodegroup: none(),
            min: 0,
            max: 0,
            desired: 0,
        }),
        Mutation::CloudFront(cloudfront::Write::CreateInvalidation {
            distribution: none(),
            paths: Vec::new(),
            reference: none(),
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations that read by name, and the two that the GPU probe needs.
    fn reads(operation: &Operation) -> bool {
        let verb = ["Describe", "List", "Get", "BatchGet", "Lookup", "Filter"]
            .iter()
            .any(|verb| operation.name.starts_with(verb));
        verb || (operation.service == "ssm" && ["SendCommand", "CancelCommand"].contains(&operation.name))
    }

    #[test]
    fn reads_only_read() {
        let wrong: Vec<_> = read_operations()
            .into_iter()
            .filter(|operation| !reads(operation))
            .collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn nothing_is_both_a_read_and_a_change() {
        let writes = write_operations();
        // The probe is a command as well; what may be sent with it is told apart by document.
        let command = Operation::new("ssm", "SendCommand");
        let both: Vec<_> = read_operations().intersection(&writes).copied().collect();
        assert_eq!(both, [command]);
        assert!(!writes.iter().any(|write| reads(write) && *write != command));
    }

    #[test]
    fn no_call_brings_the_value_of_a_secret_or_what_is_in_a_bucket() {
        let values = [
            ("secretsmanager", "GetSecretValue"),
            ("secretsmanager", "BatchGetSecretValue"),
            // `ssm:GetParameter` is there, for secrets that a runbook names, and for nothing that is shown.
            ("ssm", "GetParameters"),
            ("ssm", "GetParametersByPath"),
            ("ssm", "GetParameterHistory"),
            ("s3", "GetObject"),
        ];
        let all = || {
            read_operations()
                .into_iter()
                .chain(write_operations())
                .chain(prerequisites())
        };
        // What is looked for is in the catalog's own terms: these services are there.
        for service in ["secretsmanager", "ssm", "s3"] {
            assert!(all().any(|operation| operation.service == service), "{service}");
        }
        for (service, name) in values {
            let allowed = all().any(|operation| {
                (operation.service, operation.name) == (service, name)
                    || operation
                        .iam_action()
                        .is_some_and(|action| action == format!("{service}:{name}"))
            });
            assert!(!allowed, "{service}:{name}");
        }
    }

    #[test]
    fn what_changes_read_first_changes_nothing() {
        let writes = write_operations();
        let batch = |operation: &Operation| operation.name.starts_with("BatchGet");
        assert!(
            prerequisites()
                .iter()
                .all(|operation| !writes.contains(operation) && (reads(operation) || batch(operation)))
        );
    }
}
