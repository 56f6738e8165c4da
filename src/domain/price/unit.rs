//! What is paid by use: gigabytes, requests, items per month. Where AWS has tiers this is the first;
//! free allowances are left out.

use super::document::Section;
use super::{PriceTable, Priced};
use crate::domain::units::Usd;

macro_rules! units {
    ($($(#[doc = $doc:literal])+ $name:ident = $section:ident $key:literal, per $per:literal;)+) => {
        /// Something that is paid by use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Unit {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Unit {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Section and key in the price file.
            const fn place(self) -> (Section, &'static str) {
                match self {
                    $(Self::$name => (Section::$section, $key),)+
                }
            }

            /// The unit of that key in the price files, such as `s3-standard/gb-month`.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|unit| unit.place().1 == key)
            }

            /// What one is, such as `GB-month` or `request`.
            pub const fn per(self) -> &'static str {
                match self {
                    $(Self::$name => $per,)+
                }
            }
        }
    };
}

units! {
    /// Data through a NAT gateway.
    NatGatewayGb = Network "nat-gateway/gb", per "GB";
    /// Data to the internet from EC2, load balancers, NAT gateways.
    InternetOutGb = Network "internet-out/gb", per "GB";
    /// Data through an interface VPC endpoint.
    InterfaceEndpointGb = Network "vpc-endpoint/gb", per "GB";
    /// Data through a Classic Load Balancer.
    ClassicBalancerGb = Network "clb/gb", per "GB";
    /// An EBS snapshot, standard tier.
    EbsSnapshotGbMonth = Ebs "snapshot/gb-month", per "GB-month";
    /// RDS backups beyond the free allowance, which is the size of the databases.
    RdsBackupGbMonth = RdsStorage "backup/gb-month", per "GB-month";
    /// Storage of an Aurora cluster in the standard configuration.
    AuroraStorageGbMonth = RdsStorage "aurora/gb-month", per "GB-month";
    /// Storage of an I/O-Optimized Aurora cluster.
    AuroraIoOptimizedGbMonth = RdsStorage "aurora-io-optimized/gb-month", per "GB-month";
    /// An I/O request of an Aurora cluster in the standard configuration.
    AuroraIoRequest = RdsStorage "aurora/io-request", per "request";
    /// Aurora backups beyond the free allowance.
    AuroraBackupGbMonth = RdsStorage "aurora-backup/gb-month", per "GB-month";
    /// S3 Standard.
    S3StandardGbMonth = Unit "s3-standard/gb-month", per "GB-month";
    /// S3 Standard-Infrequent Access.
    S3InfrequentGbMonth = Unit "s3-standard-ia/gb-month", per "GB-month";
    /// A PUT, COPY, POST or LIST request to S3 Standard.
    S3PutRequest = Unit "s3-put-request", per "request";
    /// A GET or other request to S3 Standard.
    S3GetRequest = Unit "s3-get-request", per "request";
    /// Images in ECR.
    EcrGbMonth = Unit "ecr-storage/gb-month", per "GB-month";
    /// Logs taken in by CloudWatch Logs, standard class.
    LogsIngestedGb = Unit "logs-ingested/gb", per "GB";
    /// Logs kept by CloudWatch Logs, compressed.
    LogsStoredGbMonth = Unit "logs-stored/gb-month", per "GB-month";
    /// Logs read by CloudWatch Logs Insights.
    LogsScannedGb = Unit "logs-insights-scanned/gb", per "GB";
    /// A custom metric.
    CustomMetricMonth = Unit "custom-metric/month", per "metric-month";
    /// A metric alarm of standard resolution.
    AlarmMonth = Unit "alarm/month", per "alarm-month";
    /// A composite alarm.
    CompositeAlarmMonth = Unit "composite-alarm/month", per "alarm-month";
    /// A metric asked of `GetMetricData`, whatever the number of its datapoints.
    MetricRequested = Unit "metric-requested", per "metric";
    /// A CloudWatch dashboard.
    DashboardMonth = Unit "dashboard/month", per "dashboard-month";
    /// A secret of Secrets Manager.
    SecretMonth = Unit "secret/month", per "secret-month";
    /// A request to Secrets Manager.
    SecretRequest = Unit "secret-request", per "request";
    /// A hosted zone of Route 53.
    HostedZoneMonth = Unit "hosted-zone/month", per "zone-month";
    /// A DNS query to Route 53.
    DnsQuery = Unit "dns-query", per "query";
    /// Data from CloudFront to viewers nearest the region's edge locations.
    CloudfrontOutGb = Unit "cloudfront-out/gb", per "GB";
    /// An HTTPS request to CloudFront.
    CloudfrontHttpsRequest = Unit "cloudfront-https-request", per "request";
    /// An HTTP request to CloudFront.
    CloudfrontHttpRequest = Unit "cloudfront-http-request", per "request";
    /// A path that is invalidated, beyond the thousand that are free each month.
    CloudfrontInvalidationPath = Unit "cloudfront-invalidation-path", per "path";
    /// An active pipeline of type V1.
    PipelineMonth = Unit "codepipeline/month", per "pipeline-month";
    /// A minute of an action of a pipeline of type V2.
    PipelineActionMinute = Unit "codepipeline-v2/minute", per "minute";
    /// A minute of building on `general1.small`.
    BuildSmallMinute = Unit "codebuild-general1-small/minute", per "minute";
    /// A minute of building on `general1.medium`.
    BuildMediumMinute = Unit "codebuild-general1-medium/minute", per "minute";
    /// A minute of building on `arm1.small`.
    BuildArmSmallMinute = Unit "codebuild-arm1-small/minute", per "minute";
    /// A request to a standard queue of SQS.
    QueueRequest = Unit "sqs-request", per "request";
    /// A request to a FIFO queue of SQS.
    FifoQueueRequest = Unit "sqs-fifo-request", per "request";
    /// An invocation of a Lambda function.
    LambdaRequest = Unit "lambda-request", per "request";
    /// A gigabyte-second of Lambda on x86.
    LambdaGbSecond = Unit "lambda-x86_64/gb-second", per "GB-second";
    /// A gigabyte-second of Lambda on Graviton.
    LambdaArmGbSecond = Unit "lambda-arm64/gb-second", per "GB-second";
    /// A request to Cost Explorer, each page counted.
    CostExplorerRequest = Unit "cost-explorer-request", per "request";
    /// A processing unit of a serverless Redis cache.
    RedisProcessingUnit = Elasticache "redis/serverless/ecpu", per "ECPU";
    /// A processing unit of a serverless Valkey cache.
    ValkeyProcessingUnit = Elasticache "valkey/serverless/ecpu", per "ECPU";
    /// A processing unit of a serverless Memcached cache.
    MemcachedProcessingUnit = Elasticache "memcached/serverless/ecpu", per "ECPU";
}

impl PriceTable {
    /// The price of one unit.
    pub fn unit(&self, region: &str, unit: Unit) -> Option<Priced<Usd>> {
        let (section, key) = unit.place();
        self.find(region, section, key)
    }
}

/// Whether a key of the section is that of a unit.
pub(super) fn is_key(section: Section, key: &str) -> bool {
    Unit::ALL.iter().any(|unit| unit.place() == (section, key))
}
