//! Reads of Elastic Load Balancing v2: load balancers, target groups and the health of targets.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types;
use futures_util::future::join;

use super::listing::{of_part, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, gather, pages};
use crate::cloud::aws::convert::timestamp_of;
use crate::domain::elb::{Balancing, Listener, LoadBalancer, Target, TargetGroup};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::elb::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LOAD_BALANCERS: Operation = Operation::new("elasticloadbalancing", "DescribeLoadBalancers");
const TARGET_GROUPS: Operation = Operation::new("elasticloadbalancing", "DescribeTargetGroups");
const LISTENERS: Operation = Operation::new("elasticloadbalancing", "DescribeListeners");
const TARGET_HEALTH: Operation = Operation::new("elasticloadbalancing", "DescribeTargetHealth");

/// The most that AWS puts on a page.
const PAGE: i32 = 400;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Balancing => balancing(caller).await,
        Read::Listeners { load_balancers } => listeners(caller, load_balancers).await,
    }
}

async fn balancing(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let (load_balancers, target_groups) = join(load_balancers(caller), target_groups(caller)).await;
    if let (Err(fault), Err(_)) = (&load_balancers, &target_groups) {
        return Err(fault.clone());
    }
    let (mut load_balancers, mut gaps) = gather(vec![load_balancers]);
    let (target_groups, more) = gather(vec![target_groups]);
    gaps.extend(more);
    let (mut target_groups, more) = with_health(caller, target_groups).await;
    gaps.extend(more);
    load_balancers.sort_by(|a, b| a.name.cmp(&b.name));
    target_groups.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Balancing(Balancing {
            load_balancers,
            target_groups,
        }),
        gaps,
    })
}

async fn load_balancers(caller: &Caller<'_>) -> Result<Paged<LoadBalancer>, Fault> {
    pages(|marker| async move {
        let call = caller
            .elb()
            .describe_load_balancers()
            .page_size(PAGE)
            .set_marker(marker);
        let page = caller.call(LOAD_BALANCERS, call.send()).await?;
        Ok(Page {
            items: page
                .load_balancers()
                .iter()
                .filter_map(load_balancer_from_sdk)
                .collect(),
            next: page.next_marker,
        })
    })
    .await
}

async fn target_groups(caller: &Caller<'_>) -> Result<Paged<TargetGroup>, Fault> {
    pages(|marker| async move {
        let call = caller
            .elb()
            .describe_target_groups()
            .page_size(PAGE)
            .set_marker(marker);
        let page = caller.call(TARGET_GROUPS, call.send()).await?;
        Ok(Page {
            items: page
                .target_groups()
                .iter()
                .filter_map(target_group_from_sdk)
                .collect(),
            next: page.next_marker,
        })
    })
    .await
}

/// Asks each group for its targets, there being no call for several. A group whose call fails keeps
/// its targets unknown; one that has been deleted meanwhile is left out.
async fn with_health(caller: &Caller<'_>, groups: Vec<TargetGroup>) -> (Vec<TargetGroup>, Vec<Fault>) {
    let answers = each(groups, |group| async move {
        let targets = targets(caller, &group.arn).await;
        (group, targets)
    })
    .await;
    let (mut known, mut gaps) = (Vec::new(), Vec::new());
    for (mut group, targets) in answers {
        match targets {
            Ok(targets) => group.targets = Some(targets),
            Err(fault) if fault.kind == FaultKind::NotFound => continue,
            Err(fault) => gaps.push(of_part(fault, &group.name)),
        }
        known.push(group);
    }
    (known, gaps)
}

async fn targets(caller: &Caller<'_>, group: &str) -> Result<Vec<Target>, Fault> {
    let call = caller.elb().describe_target_health().target_group_arn(group);
    let answer = caller.call(TARGET_HEALTH, call.send()).await?;
    Ok(answer
        .target_health_descriptions()
        .iter()
        .filter_map(target_from_sdk)
        .collect())
}

/// Asks each load balancer for its listeners, there being no call for several.
async fn listeners(caller: &Caller<'_>, load_balancers: &[String]) -> Result<Reply, Fault> {
    let mut answers = each(load_balancers.to_vec(), |arn| async move {
        let arn = &arn;
        pages(|marker| async move {
            let call = caller
                .elb()
                .describe_listeners()
                .load_balancer_arn(arn)
                .page_size(PAGE)
                .set_marker(marker);
            let page = caller.call(LISTENERS, call.send()).await?;
            Ok(Page {
                items: page.listeners().iter().filter_map(listener_from_sdk).collect(),
                next: page.next_marker,
            })
        })
        .await
        .map_err(|fault| of_part(fault, arn))
    })
    .await;
    // A load balancer that was deleted since it was listed has no listeners.
    answers.retain(|answer| !matches!(answer, Err(fault) if fault.kind == FaultKind::NotFound));
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a, b| (&a.load_balancer, a.port).cmp(&(&b.load_balancer, b.port)));
    Ok(Reply {
        data: ReplyData::Listeners(found),
        gaps,
    })
}

/// A listener; `None` without its own ARN or that of its load balancer.
fn listener_from_sdk(listener: &types::Listener) -> Option<Listener> {
    // The action that is done last is the one that answers; those before it authenticate.
    let last = listener.default_actions().last();
    Some(Listener {
        arn: listener.listener_arn()?.to_owned(),
        load_balancer: listener.load_balancer_arn()?.to_owned(),
        protocol: listener.protocol().map(|protocol| protocol.as_str().to_owned()),
        port: listener.port.and_then(port),
        default_action: last
            .and_then(types::Action::r#type)
            .map(|action| action.as_str().to_owned()),
        certificates: listener
            .certificates()
            .iter()
            .filter_map(|certificate| certificate.certificate_arn.clone())
            .collect(),
    })
}

/// A load balancer; `None` without an ARN.
fn load_balancer_from_sdk(balancer: &types::LoadBalancer) -> Option<LoadBalancer> {
    Some(LoadBalancer {
        arn: balancer.load_balancer_arn()?.to_owned(),
        name: balancer.load_balancer_name.clone().unwrap_or_default(),
        form: balancer
            .r#type()
            .map(|form| form.as_str().to_owned())
            .unwrap_or_default(),
        state: balancer
            .state()
            .and_then(|state| state.code())
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default(),
        dns_name: balancer.dns_name.clone(),
        scheme: balancer.scheme().map(|scheme| scheme.as_str().to_owned()),
        created_at: timestamp_of(balancer.created_time()),
    })
}

/// A target group without its targets; `None` without an ARN.
fn target_group_from_sdk(group: &types::TargetGroup) -> Option<TargetGroup> {
    Some(TargetGroup {
        arn: group.target_group_arn()?.to_owned(),
        name: group.target_group_name.clone().unwrap_or_default(),
        // Some endpoints name a balancer once for each listener.
        load_balancers: group
            .load_balancer_arns()
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .cloned()
            .collect(),
        protocol: group.protocol().map(|protocol| protocol.as_str().to_owned()),
        port: group.port.and_then(port),
        target_type: group.target_type().map(|kind| kind.as_str().to_owned()),
        health_check_path: group.health_check_path.clone(),
        targets: None,
    })
}

fn port(number: i32) -> Option<u16> {
    u16::try_from(number).ok()
}

/// A target; `None` without an id.
fn target_from_sdk(described: &types::TargetHealthDescription) -> Option<Target> {
    let target = described.target()?;
    let health = described.target_health();
    Some(Target {
        id: target.id()?.to_owned(),
        port: target.port.and_then(port),
        zone: target.availability_zone.clone(),
        state: health
            .and_then(|health| health.state())
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        reason: health
            .and_then(|health| health.reason())
            .map(|reason| reason.as_str().to_owned()),
        description: health.and_then(|health| health.description.clone()),
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(
            Read::Balancing.operations(),
            [LOAD_BALANCERS, TARGET_GROUPS, TARGET_HEALTH]
        );
        let load_balancers = Vec::new();
        assert_eq!(Read::Listeners { load_balancers }.operations(), [LISTENERS]);
    }

    #[test]
    fn a_load_balancer_keeps_words_that_are_new() {
        let sdk = types::LoadBalancer::builder()
            .load_balancer_arn("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/shop/1")
            .load_balancer_name("shop")
            .r#type(types::LoadBalancerTypeEnum::Application)
            .state(
                types::LoadBalancerState::builder()
                    .code(types::LoadBalancerStateEnum::from("active_rerouting"))
                    .build(),
            )
            .scheme(types::LoadBalancerSchemeEnum::InternetFacing)
            .dns_name("shop.elb")
            .created_time(DateTime::from_secs(5))
            .build();
        assert_eq!(
            load_balancer_from_sdk(&sdk),
            Some(LoadBalancer {
                arn: "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/shop/1".to_owned(),
                name: "shop".to_owned(),
                form: "application".to_owned(),
                state: "active_rerouting".to_owned(),
                dns_name: Some("shop.elb".to_owned()),
                scheme: Some("internet-facing".to_owned()),
                created_at: jiff::Timestamp::from_second(5).ok(),
            })
        );
        assert_eq!(
            load_balancer_from_sdk(&types::LoadBalancer::builder().build()),
            None
        );
    }

    #[test]
    fn a_listener_does_what_its_last_action_does() {
        let action = |kind| types::Action::builder().r#type(kind).build();
        let sdk = types::Listener::builder()
            .listener_arn("listener")
            .load_balancer_arn("balancer")
            .protocol(types::ProtocolEnum::Https)
            .port(443)
            .default_actions(action(types::ActionTypeEnum::AuthenticateOidc))
            .default_actions(action(types::ActionTypeEnum::Forward))
            .build();
        let listener = listener_from_sdk(&sdk).unwrap();
        assert_eq!(listener.default_action.as_deref(), Some("forward"));
        assert_eq!(listener.door(), "HTTPS:443");
    }

    #[test]
    fn the_targets_of_a_group_are_unknown_until_they_are_read() {
        let sdk = types::TargetGroup::builder()
            .target_group_arn("arn")
            .target_group_name("shop-tg")
            .load_balancer_arns("lb")
            .protocol(types::ProtocolEnum::Http)
            .port(8080)
            .target_type(types::TargetTypeEnum::Ip)
            .health_check_path("/health")
            .build();
        assert_eq!(
            target_group_from_sdk(&sdk),
            Some(TargetGroup {
                arn: "arn".to_owned(),
                name: "shop-tg".to_owned(),
                load_balancers: vec!["lb".to_owned()],
                protocol: Some("HTTP".to_owned()),
                port: Some(8080),
                target_type: Some("ip".to_owned()),
                health_check_path: Some("/health".to_owned()),
                targets: None,
            })
        );
    }

    #[test]
    fn an_unhealthy_target_says_why() {
        let sdk = types::TargetHealthDescription::builder()
            .target(
                types::TargetDescription::builder()
                    .id("10.0.1.7")
                    .port(8080)
                    .availability_zone("us-east-1a")
                    .build(),
            )
            .target_health(
                types::TargetHealth::builder()
                    .state(types::TargetHealthStateEnum::Unhealthy)
                    .reason(types::TargetHealthReasonEnum::ResponseCodeMismatch)
                    .description("Health checks failed with these codes: [502]")
                    .build(),
            )
            .build();
        assert_eq!(
            target_from_sdk(&sdk),
            Some(Target {
                id: "10.0.1.7".to_owned(),
                port: Some(8080),
                zone: Some("us-east-1a".to_owned()),
                state: "unhealthy".to_owned(),
                reason: Some("Target.ResponseCodeMismatch".to_owned()),
                description: Some("Health checks failed with these codes: [502]".to_owned()),
            })
        );
    }
}
