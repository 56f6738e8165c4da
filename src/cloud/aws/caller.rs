//! What the file of a service makes its calls with.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::stream::{self, StreamExt};

use crate::cloud::aws::clients::ScopeClients;
use crate::cloud::aws::error;
use crate::cloud::{Host, Parts};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::scope::Scope;

/// The most calls that are under way at a time to one service in one scope.
pub(super) const IN_FLIGHT: usize = 4;

/// Makes calls in one scope, for one read or one change.
pub(super) struct Caller<'a> {
    scope: &'a Scope,
    host: &'a dyn Host,
    clients: Arc<ScopeClients>,
    part: Option<Parts<'a>>,
}

/// Hands out the client of a service; clients are made at their first use and kept.
macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident: $sdk:ident,)*) => {
        impl Caller<'_> {
            $($(#[$doc])* pub(super) fn $name(&self) -> &$sdk::Client {
                self.clients.$name()
            })*
        }
    };
}

getters! {
    /// Security Token Service.
    sts: aws_sdk_sts,
    /// Elastic Container Service.
    ecs: aws_sdk_ecs,
    /// EC2 Auto Scaling.
    autoscaling: aws_sdk_autoscaling,
    /// Elastic Compute Cloud.
    ec2: aws_sdk_ec2,
    /// Systems Manager.
    ssm: aws_sdk_ssm,
    /// Relational Database Service.
    rds: aws_sdk_rds,
    /// ElastiCache.
    elasticache: aws_sdk_elasticache,
    /// Elastic Load Balancing v2.
    elb: aws_sdk_elasticloadbalancingv2,
    /// CloudWatch.
    cloudwatch: aws_sdk_cloudwatch,
    /// Simple Notification Service.
    sns: aws_sdk_sns,
    /// Simple Queue Service.
    sqs: aws_sdk_sqs,
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs,
    /// Cost Explorer, in the one region of the partition that answers.
    cost: aws_sdk_costexplorer,
    /// Budgets, in the one region of the partition that answers.
    budgets: aws_sdk_budgets,
    /// CloudTrail.
    cloudtrail: aws_sdk_cloudtrail,
    /// Elastic Container Registry.
    ecr: aws_sdk_ecr,
    /// CodePipeline.
    codepipeline: aws_sdk_codepipeline,
    /// CloudFormation.
    cloudformation: aws_sdk_cloudformation,
    /// Application Auto Scaling.
    application_auto_scaling: aws_sdk_applicationautoscaling,
    /// SageMaker.
    #[cfg(feature = "aws-extra")]
    sagemaker: aws_sdk_sagemaker,
    /// Simple Storage Service.
    #[cfg(feature = "aws-extra")]
    s3: aws_sdk_s3,
    /// S3 Control: what an account says about all of its buckets.
    #[cfg(feature = "aws-extra")]
    s3control: aws_sdk_s3control,
    /// CloudFront.
    #[cfg(feature = "aws-extra")]
    cloudfront: aws_sdk_cloudfront,
    /// Certificate Manager.
    #[cfg(feature = "aws-extra")]
    acm: aws_sdk_acm,
    /// Route 53.
    #[cfg(feature = "aws-extra")]
    route53: aws_sdk_route53,
    /// Secrets Manager.
    #[cfg(feature = "aws-extra")]
    secretsmanager: aws_sdk_secretsmanager,
    /// CodeBuild.
    #[cfg(feature = "aws-extra")]
    codebuild: aws_sdk_codebuild,
    /// Trusted Advisor, in the one region that answers.
    #[cfg(feature = "aws-extra")]
    support: aws_sdk_support,
    /// Compute Optimizer.
    #[cfg(feature = "aws-extra")]
    compute_optimizer: aws_sdk_computeoptimizer,
    /// Lambda.
    #[cfg(feature = "aws-extra")]
    lambda: aws_sdk_lambda,
    /// Elastic Kubernetes Service.
    #[cfg(feature = "aws-extra")]
    eks: aws_sdk_eks,
}

impl<'a> Caller<'a> {
    pub(super) fn new(scope: &'a Scope, host: &'a dyn Host, clients: Arc<ScopeClients>) -> Self {
        Self {
            scope,
            host,
            clients,
            part: None,
        }
    }

    /// The same in another region of the account; in the scope's own if none is named.
    #[cfg(feature = "aws-extra")]
    pub(super) fn in_region(&self, region: Option<&str>) -> Self {
        let clients = match region {
            Some(region) if region != self.scope.region => self.clients.in_region(region),
            Some(_) | None => self.clients.clone(),
        };
        Self {
            scope: self.scope,
            host: self.host,
            clients,
            part: None,
        }
    }

    /// The same that tells of parts of its answer.
    pub(super) fn telling(self, part: Parts<'a>) -> Self {
        Self {
            part: Some(part),
            ..self
        }
    }

    /// Tells of a part of the answer, if anybody listens.
    pub(super) fn tell(&self, data: ReplyData) {
        if let Some(part) = self.part {
            part(Reply::whole(data));
        }
    }

    /// Where the calls go.
    pub(super) fn scope(&self) -> &'a Scope {
        self.scope
    }

    /// Time and waiting.
    pub(super) fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// The clients of the scope, for what STS's read tells of them.
    pub(super) fn clients(&self) -> &ScopeClients {
        &self.clients
    }

    /// Makes one call: credentials first, then a place among those under way and in the rate
    /// budget, then the call itself. `send` is the SDK's own future, not begun.
    pub(super) fn call<T, E>(
        &self,
        operation: Operation,
        send: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<T, Fault>>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        // On the heap, and before our own future begins, which would else hold it: the SDK's
        // futures are large, and callers nest several of them.
        let send = Box::pin(send);
        async move {
            let _place = self.clients.place(operation.service).await;
            self.clients
                .credentials()
                .ready()
                .await
                .map_err(|fault| error::at(operation, fault))?;
            self.host.admit(self.scope, operation).await;
            let answer = self.clients.crowd().join(self.host, send).await;
            answer.map_err(|failure| {
                let fault = error::fault(operation, &failure, self.host.now());
                if matches!(fault.kind, FaultKind::Credentials(_)) {
                    self.clients.credentials().rejected();
                }
                fault
            })
        }
    }
}

/// One page of a listing.
pub(super) struct Page<T> {
    /// What it holds.
    pub(super) items: Vec<T>,
    /// What to ask the next page with; an empty one is none, as some services mean it.
    pub(super) next: Option<String>,
}

/// A listing, to its end or to the page that failed.
pub(super) struct Paged<T> {
    /// What was read.
    pub(super) items: Vec<T>,
    /// Why it is not all.
    pub(super) gap: Option<Fault>,
}

/// Reads a listing page by page: `ask` gets the token of the page to read, `None` at first. Fails
/// only if the first page does.
pub(super) async fn pages<T, Ask, Answer>(mut ask: Ask) -> Result<Paged<T>, Fault>
where
    Ask: FnMut(Option<String>) -> Answer,
    Answer: Future<Output = Result<Page<T>, Fault>>,
{
    let Page { mut items, next } = ask(None).await?;
    let mut token = next.filter(|token| !token.is_empty());
    while let Some(asked) = token {
        let page = match ask(Some(asked.clone())).await {
            Ok(page) => page,
            Err(fault) => {
                return Ok(Paged {
                    items,
                    gap: Some(fault),
                });
            }
        };
        items.extend(page.items);
        // A server that hands out the same token again would keep us here for ever.
        token = page.next.filter(|next| !next.is_empty() && *next != asked);
    }
    Ok(Paged { items, gap: None })
}

/// Asks about many things at a time; the answers come in any order. The questions are made at
/// once: a future that held `ask` itself could not be sent between threads.
pub(super) fn each<I, Answer>(
    things: I,
    ask: impl FnMut(I::Item) -> Answer,
) -> impl Future<Output = Vec<Answer::Output>>
where
    I: IntoIterator,
    Answer: Future,
{
    let asked: Vec<Answer> = things.into_iter().map(ask).collect();
    stream::iter(asked).buffer_unordered(IN_FLIGHT).collect()
}

/// Answers that succeeded, joined, and the faults of those that did not.
pub(super) fn gather<T>(answers: Vec<Result<Paged<T>, Fault>>) -> (Vec<T>, Vec<Fault>) {
    let mut items = Vec::new();
    let mut gaps = Vec::new();
    for answer in answers {
        match answer {
            Ok(paged) => {
                items.extend(paged.items);
                gaps.extend(paged.gap);
            }
            Err(fault) => gaps.push(fault),
        }
    }
    (items, gaps)
}
