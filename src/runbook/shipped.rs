//! The runbooks that come with the program.

use super::load::File;

/// Name and text, by name.
pub const SHIPPED: &[(&str, &str)] = &[
    (
        "acm-validate-certificate",
        include_str!("../../runbooks/acm-validate-certificate.yaml"),
    ),
    (
        "asg-instance-refresh-rollback",
        include_str!("../../runbooks/asg-instance-refresh-rollback.yaml"),
    ),
    (
        "asg-rollback-image",
        include_str!("../../runbooks/asg-rollback-image.yaml"),
    ),
    ("asg-scale", include_str!("../../runbooks/asg-scale.yaml")),
    (
        "cloudfront-invalidate",
        include_str!("../../runbooks/cloudfront-invalidate.yaml"),
    ),
    ("dr-drill", include_str!("../../runbooks/dr-drill.yaml")),
    (
        "drain-gpu-host",
        include_str!("../../runbooks/drain-gpu-host.yaml"),
    ),
    (
        "ecr-keep-image",
        include_str!("../../runbooks/ecr-keep-image.yaml"),
    ),
    ("ecs-restart", include_str!("../../runbooks/ecs-restart.yaml")),
    ("ecs-scale", include_str!("../../runbooks/ecs-scale.yaml")),
    (
        "eks-scale-nodegroup",
        include_str!("../../runbooks/eks-scale-nodegroup.yaml"),
    ),
    (
        "gpu-morning-up",
        include_str!("../../runbooks/gpu-morning-up.yaml"),
    ),
    (
        "gpu-night-down",
        include_str!("../../runbooks/gpu-night-down.yaml"),
    ),
    (
        "lambda-rollback-alias",
        include_str!("../../runbooks/lambda-rollback-alias.yaml"),
    ),
    (
        "lambda-throttle",
        include_str!("../../runbooks/lambda-throttle.yaml"),
    ),
    (
        "pipeline-approve",
        include_str!("../../runbooks/pipeline-approve.yaml"),
    ),
    (
        "pipeline-release",
        include_str!("../../runbooks/pipeline-release.yaml"),
    ),
    (
        "pipeline-retry-stage",
        include_str!("../../runbooks/pipeline-retry-stage.yaml"),
    ),
    (
        "pipeline-rollback-stage",
        include_str!("../../runbooks/pipeline-rollback-stage.yaml"),
    ),
    (
        "rds-backup-now",
        include_str!("../../runbooks/rds-backup-now.yaml"),
    ),
    (
        "rds-grow-storage",
        include_str!("../../runbooks/rds-grow-storage.yaml"),
    ),
    (
        "rds-reboot-failover",
        include_str!("../../runbooks/rds-reboot-failover.yaml"),
    ),
    ("rds-restart", include_str!("../../runbooks/rds-restart.yaml")),
    (
        "redis-failover",
        include_str!("../../runbooks/redis-failover.yaml"),
    ),
    ("redis-resize", include_str!("../../runbooks/redis-resize.yaml")),
    (
        "restore-rds-point-in-time",
        include_str!("../../runbooks/restore-rds-point-in-time.yaml"),
    ),
    (
        "restore-rds-snapshot",
        include_str!("../../runbooks/restore-rds-snapshot.yaml"),
    ),
    (
        "rollback-deploy",
        include_str!("../../runbooks/rollback-deploy.yaml"),
    ),
    (
        "sagemaker-endpoint-rollback",
        include_str!("../../runbooks/sagemaker-endpoint-rollback.yaml"),
    ),
    (
        "sagemaker-scale-endpoint",
        include_str!("../../runbooks/sagemaker-scale-endpoint.yaml"),
    ),
    (
        "sagemaker-stop-idle",
        include_str!("../../runbooks/sagemaker-stop-idle.yaml"),
    ),
    ("sqs-redrive", include_str!("../../runbooks/sqs-redrive.yaml")),
    ("start-estate", include_str!("../../runbooks/start-estate.yaml")),
    ("stop-estate", include_str!("../../runbooks/stop-estate.yaml")),
];

/// What the keys of shipped runbooks begin with. No path on disk does.
pub const KEY_PREFIX: &str = "shipped:";

/// A shipped runbook.
pub fn get(name: &str) -> Option<File> {
    SHIPPED
        .iter()
        .find(|(own, _)| *own == name)
        .map(|(name, text)| File {
            key: format!("{KEY_PREFIX}{name}"),
            name: format!("{name}.yaml (shipped)"),
            bytes: text.as_bytes().to_vec(),
        })
}
