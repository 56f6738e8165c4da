//! Auto Scaling: groups with what other calls tell of them.

use pretty_assertions::assert_eq;
use quarterdeck::domain::asg::Group;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Query, Reply, ReplyData, autoscaling};

use super::fixture::Fixture;
use super::server::{Answer, Request, Server};

fn group(name: &str, more: &str) -> String {
    format!(
        "<member><AutoScalingGroupARN>arn:{name}</AutoScalingGroupARN>\
         <AutoScalingGroupName>{name}</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>4</MaxSize>\
         <DesiredCapacity>0</DesiredCapacity>{more}</member>"
    )
}

const TEMPLATE: &str =
    "<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>$Latest</Version></LaunchTemplate>";
const POOL: &str = "<WarmPoolConfiguration><MinSize>1</MinSize></WarmPoolConfiguration>";

/// Three groups on two pages: one with a warm pool, two of one launch template.
fn answer(request: &Request) -> Answer {
    let operation = request.operation();
    match operation.as_str() {
        "DescribeAutoScalingGroups" => {
            assert_eq!(request.form("MaxRecords").as_deref(), Some("100"));
            let (groups, next) = match request.form("NextToken") {
                None => (group("pooled", POOL), "<NextToken>2</NextToken>"),
                Some(_) => (group("night", TEMPLATE) + &group("day", TEMPLATE), ""),
            };
            Answer::query(
                &operation,
                &format!("<AutoScalingGroups>{groups}</AutoScalingGroups>{next}"),
            )
        }
        "DescribeScheduledActions" => Answer::query(
            &operation,
            "<ScheduledUpdateGroupActions><member><AutoScalingGroupName>night</AutoScalingGroupName>\
             <ScheduledActionName>down</ScheduledActionName><Recurrence>0 22 * * *</Recurrence>\
             <TimeZone>Asia/Seoul</TimeZone><DesiredCapacity>0</DesiredCapacity></member></ScheduledUpdateGroupActions>",
        ),
        "DescribeWarmPool" => Answer::query(
            &operation,
            "<Instances><member><InstanceId>i-9</InstanceId><LifecycleState>Warmed:Stopped</LifecycleState>\
             </member></Instances>",
        ),
        "DescribeLaunchTemplateVersions" => Answer::xml(
            200,
            "<DescribeLaunchTemplateVersionsResponse><launchTemplateVersionSet><item><versionNumber>3</versionNumber>\
             <launchTemplateData><instanceType>g5.xlarge</instanceType></launchTemplateData></item>\
             </launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>"
                .to_owned(),
        ),
        _ => Answer::page(500),
    }
}

async fn groups(fixture: &Fixture) -> (Vec<Group>, Vec<FaultKind>) {
    let query = Query::AutoScaling(autoscaling::Read::Groups);
    let Reply { data, gaps } = fixture.ask(query).await.expect("it is answered");
    let ReplyData::Groups(groups) = data else {
        panic!("not groups");
    };
    (groups, gaps.into_iter().map(|fault| fault.kind).collect())
}

#[tokio::test]
async fn a_group_has_its_schedule_its_pool_and_its_types() {
    let server = Server::start(answer);
    let fixture = Fixture::new(&server);
    let (found, gaps) = groups(&fixture).await;
    assert_eq!(gaps, []);
    let names: Vec<_> = found.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["day", "night", "pooled"]);
    assert_eq!(
        found[1].scheduled_actions[0].time_zone.as_deref(),
        Some("Asia/Seoul")
    );
    assert_eq!(found[0].scheduled_actions, []);
    // Scaled to nothing, a group still launches what it launches.
    assert_eq!(found[1].instance_types, ["g5.xlarge"]);
    let pool = found[2].warm_pool.as_ref().unwrap();
    assert_eq!(pool.instances[0].lifecycle, "Warmed:Stopped");
    // One listing of schedules for all, one pool, one template, though two groups use it.
    assert_eq!(server.count("DescribeScheduledActions"), 1);
    assert_eq!(server.count("DescribeWarmPool"), 1);
    assert_eq!(server.count("DescribeLaunchTemplateVersions"), 1);
    // And templates are not asked about at every refresh.
    groups(&fixture).await;
    assert_eq!(server.count("DescribeLaunchTemplateVersions"), 1);
}

#[tokio::test]
async fn policies_say_what_moves_a_group() {
    let server = Server::start(|request| {
        assert_eq!(request.form("MaxRecords").as_deref(), Some("100"));
        Answer::query(
            &request.operation(),
            "<ScalingPolicies><member><AutoScalingGroupName>night</AutoScalingGroupName><PolicyName>deep</PolicyName>\
             <PolicyType>StepScaling</PolicyType><AdjustmentType>ChangeInCapacity</AdjustmentType><StepAdjustments>\
             <member><MetricIntervalLowerBound>0</MetricIntervalLowerBound><ScalingAdjustment>2</ScalingAdjustment>\
             </member></StepAdjustments><Alarms><member><AlarmName>queue-deep</AlarmName></member></Alarms>\
             <Enabled>true</Enabled></member><member><AutoScalingGroupName>day</AutoScalingGroupName>\
             <PolicyName>cpu</PolicyName><PolicyType>TargetTrackingScaling</PolicyType><TargetTrackingConfiguration>\
             <PredefinedMetricSpecification><PredefinedMetricType>ASGAverageCPUUtilization</PredefinedMetricType>\
             </PredefinedMetricSpecification><TargetValue>60</TargetValue><DisableScaleIn>true</DisableScaleIn>\
             </TargetTrackingConfiguration><Enabled>false</Enabled></member></ScalingPolicies>",
        )
    });
    let fixture = Fixture::new(&server);
    let query = Query::AutoScaling(autoscaling::Read::Policies);
    let Reply { data, gaps } = fixture.ask(query).await.expect("it is answered");
    assert_eq!(gaps, []);
    let ReplyData::GroupPolicies(policies) = data else {
        panic!("not policies");
    };
    let told: Vec<(&str, String)> = policies
        .iter()
        .map(|policy| (policy.group.as_str(), policy.in_words()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "day",
                "switched off: keeps ASGAverageCPUUtilization at 60, never scales in".to_owned()
            ),
            ("night", "steps +2 from 0, by queue-deep".to_owned()),
        ]
    );
}

#[tokio::test]
async fn groups_are_worth_showing_without_their_parts() {
    let server = Server::start(|request| match request.operation().as_str() {
        "DescribeAutoScalingGroups" => answer(request),
        _ => Answer::query_error(403, "AccessDenied", "no"),
    });
    let fixture = Fixture::new(&server);
    let (found, gaps) = groups(&fixture).await;
    assert_eq!(found.len(), 3);
    assert_eq!(
        gaps,
        [
            FaultKind::AccessDenied,
            FaultKind::AccessDenied,
            FaultKind::AccessDenied
        ]
    );
}

fn activity(id: &str, start: &str, end: Option<&str>) -> String {
    let end = end
        .map(|end| format!("<EndTime>{end}</EndTime>"))
        .unwrap_or_default();
    format!(
        "<member><ActivityId>{id}</ActivityId><AutoScalingGroupName>g</AutoScalingGroupName>\
         <StartTime>{start}</StartTime>{end}<StatusCode>Successful</StatusCode></member>"
    )
}

#[tokio::test]
async fn activities_are_read_only_as_far_back_as_wanted() {
    let server = Server::start(|request| {
        let page = request.form("NextToken").unwrap_or_default();
        let activities = match page.as_str() {
            // One in progress comes first, however long ago it began.
            "" => {
                activity("stuck", "2026-11-20T00:00:00Z", None)
                    + &activity("new", "2026-11-21T02:00:00Z", Some("2026-11-21T02:01:00Z"))
            }
            "2" => {
                activity("edge", "2026-11-21T01:00:00Z", Some("2026-11-21T01:01:00Z"))
                    + &activity("old", "2026-11-21T00:59:59Z", Some("2026-11-21T01:00:01Z"))
            }
            _ => activity("older", "2026-11-20T23:00:00Z", Some("2026-11-20T23:01:00Z")),
        };
        let next = if page.is_empty() { "2" } else { "3" };
        Answer::query(
            "DescribeScalingActivities",
            &format!("<Activities>{activities}</Activities><NextToken>{next}</NextToken>"),
        )
    });
    let fixture = Fixture::new(&server);
    let query = Query::AutoScaling(autoscaling::Read::Activities {
        since: "2026-11-21T01:00:00Z".parse().unwrap(),
    });
    let reply = fixture.ask(query).await.unwrap();
    let ReplyData::Activities(found) = reply.data else {
        panic!("not activities");
    };
    let ids: Vec<_> = found.iter().map(|activity| activity.id.as_str()).collect();
    assert_eq!(ids, ["new", "edge"]);
    assert_eq!(server.total(), 2);
}
