//! A cloud that fits a test: Auto Scaling groups whose instances follow the capacity wanted, alarms, an
//! identity, and faults on order.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::domain::alarm::{Alarm, AlarmState, AlarmTransition};
use crate::domain::asg::{Group, GroupInstance, SuspendedProcess};
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::ops::{
    Mutation, Query, Receipt, Reply, ReplyData, Token, autoscaling, cloudwatch, exec, sns, ssm,
};
use crate::domain::scope::Identity;
use crate::domain::sns::Topic;
use crate::domain::ssm::{CommandRun, CommandState, ManagedHost, Ping};
use crate::runbook::record::Moment;

/// When every test begins.
pub const START: &str = "2026-11-21T02:00:00Z";

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is refused without effect.
    Refused(&'static str),
    /// It has its effect, and no answer comes.
    ActedUnanswered,
    /// It has no effect, and no answer comes.
    LostUnanswered,
    /// It waits for credentials.
    Expired,
}

#[derive(Debug, Clone)]
pub struct World {
    pub now: Timestamp,
    pub groups: Vec<Group>,
    pub alarms: Vec<Alarm>,
    pub history: Vec<AlarmTransition>,
    pub account: String,
    /// Calls that had an effect, in order.
    pub writes: Vec<(Mutation, Token)>,
    /// What happens to the next calls; none is as usual.
    pub fates: VecDeque<Option<Fate>>,
    /// Reads fail with expired credentials while this holds.
    pub expired: bool,
    /// How many of the next reads of groups are throttled.
    pub throttled_reads: u32,
    /// Groups that may not be set to nothing.
    pub denied: Vec<String>,
    /// When the session ends.
    pub session_ends_at: Option<Timestamp>,
    /// What programs end with.
    pub program_exit: i32,
    /// Commands that were sent: their time, document and host.
    pub commands: Vec<(Timestamp, String, String)>,
    /// Groups whose instances never follow.
    pub stuck: Vec<String>,
    /// When groups were changed: instances follow half a minute later.
    changed: BTreeMap<String, Timestamp>,
}

impl World {
    pub fn new(names: &[&str]) -> Self {
        Self {
            now: START.parse().unwrap(),
            groups: names.iter().map(|name| group(name)).collect(),
            alarms: Vec::new(),
            history: Vec::new(),
            account: "123456789012".to_owned(),
            writes: Vec::new(),
            fates: VecDeque::new(),
            expired: false,
            throttled_reads: 0,
            denied: Vec::new(),
            session_ends_at: None,
            program_exit: 0,
            commands: Vec::new(),
            stuck: Vec::new(),
            changed: BTreeMap::new(),
        }
    }

    pub fn moment(&self) -> Moment {
        Moment {
            cloud: self.now,
            wall: self.now,
        }
    }

    pub fn group(&mut self, name: &str) -> &mut Group {
        self.groups.iter_mut().find(|group| group.name == name).unwrap()
    }

    /// Capacity by group: min, max, desired.
    pub fn sizes(&self) -> Vec<(u32, u32, u32)> {
        self.groups
            .iter()
            .map(|group| (group.min, group.max, group.desired))
            .collect()
    }

    pub fn with_alarm(mut self, name: &str, state: AlarmState) -> Self {
        self.alarms.push(Alarm {
            arn: format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"),
            name: name.to_owned(),
            description: None,
            state,
            reason: None,
            since: Some(self.now - SignedDuration::from_hours(1)),
            actions_enabled: true,
            alarm_actions: Vec::new(),
            metric: None,
            composite_rule: None,
        });
        self
    }

    fn converge(&mut self) {
        for group in &mut self.groups {
            let due = self
                .changed
                .get(&group.name)
                .is_none_or(|at| self.now.duration_since(*at) >= SignedDuration::from_secs(30));
            if due && !self.stuck.contains(&group.name) {
                resize(group);
            }
        }
    }

    pub fn read(&mut self, query: &Query) -> Result<Reply, Fault> {
        self.converge();
        if self.expired {
            return Err(credentials());
        }
        let data = match query {
            Query::Sts(_) => ReplyData::Identity(Identity {
                account: self.account.clone(),
                arn: "arn:aws:sts::123456789012:assumed-role/oncall/alice".to_owned(),
                credentials_expire_at: self.session_ends_at,
                server_time: None,
            }),
            Query::AutoScaling(autoscaling::Read::Groups) => {
                if self.throttled_reads > 0 {
                    self.throttled_reads -= 1;
                    return Err(Fault::new(
                        FaultKind::Throttled,
                        "autoscaling",
                        "DescribeAutoScalingGroups",
                        "Rate exceeded",
                    ));
                }
                ReplyData::Groups(self.groups.clone())
            }
            Query::AutoScaling(autoscaling::Read::Activities { .. }) => ReplyData::Activities(Vec::new()),
            Query::AutoScaling(autoscaling::Read::Policies) => ReplyData::GroupPolicies(Vec::new()),
            Query::Ec2(_) => ReplyData::Instances(Vec::new()),
            Query::CloudWatch(cloudwatch::Read::Alarms) => ReplyData::Alarms(self.alarms.clone()),
            Query::CloudWatch(cloudwatch::Read::AlarmHistory { since }) => ReplyData::AlarmHistory(
                self.history
                    .iter()
                    .filter(|transition| transition.at >= *since)
                    .cloned()
                    .collect(),
            ),
            Query::Sns(sns::Read::Topic { arn }) => ReplyData::Topic(Some(Topic {
                arn: arn.clone(),
                confirmed: Some(1),
            })),
            Query::Ssm(ssm::Read::Hosts) => {
                ReplyData::ManagedHosts(vec![host("i-1", Ping::Online), host("i-2", Ping::ConnectionLost)])
            }
            Query::Ssm(ssm::Read::Command {
                document,
                instance,
                since,
                ..
            }) => {
                let sent = self
                    .commands
                    .iter()
                    .find(|(at, own, on)| at >= since && own == document && on == instance);
                ReplyData::Command(sent.map(|(at, ..)| CommandRun {
                    id: "command".to_owned(),
                    state: if self.now.duration_since(*at).as_secs() >= 20 {
                        CommandState::Done
                    } else {
                        CommandState::Running
                    },
                    exit_code: None,
                    output: String::new(),
                }))
            }
            other => panic!("nobody asks this here: {other:?}"),
        };
        Ok(Reply::whole(data))
    }

    pub fn write(&mut self, change: &Mutation, token: &Token) -> Result<Receipt, Fault> {
        let operation = change.operation();
        let fault = |kind, message: &str| Fault::new(kind, operation.service, operation.name, message);
        if let Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
            group,
            desired: Some(0),
            ..
        }) = change
            && self.denied.contains(group)
        {
            return Err(fault(FaultKind::AccessDenied, "not authorised"));
        }
        match self.fates.pop_front().flatten() {
            Some(Fate::Refused("throttled")) => return Err(fault(FaultKind::Throttled, "Rate exceeded")),
            Some(Fate::Refused("denied")) => return Err(fault(FaultKind::AccessDenied, "not authorised")),
            Some(Fate::Refused(_)) => return Err(fault(FaultKind::Conflict, "scaling activity in progress")),
            Some(Fate::Expired) => {
                self.expired = true;
                return Err(credentials());
            }
            Some(Fate::LostUnanswered) => return Err(Fault::timeout(operation.service, operation.name)),
            Some(Fate::ActedUnanswered) => {
                self.act(change, token);
                return Err(Fault::timeout(operation.service, operation.name));
            }
            None => {}
        }
        self.act(change, token);
        let created = match change {
            Mutation::Exec(_) => {
                let outcome = exec::Outcome {
                    exit_code: Some(self.program_exit),
                    timed_out: false,
                    output: "said".to_owned(),
                };
                Some(serde_json::to_string(&outcome).unwrap())
            }
            Mutation::Ssm(_) => Some("command".to_owned()),
            _ => None,
        };
        Ok(Receipt {
            request_id: Some(format!("request-{}", self.writes.len())),
            created,
        })
    }

    fn act(&mut self, change: &Mutation, token: &Token) {
        self.writes.push((change.clone(), token.clone()));
        let now = self.now;
        match change {
            Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
                group,
                min,
                max,
                desired,
            }) => {
                self.changed.insert(group.clone(), now);
                let group = self.group(group);
                group.min = min.unwrap_or(group.min);
                group.max = max.unwrap_or(group.max);
                group.desired = desired.unwrap_or(group.desired);
            }
            Mutation::AutoScaling(autoscaling::Write::SuspendProcesses { group, processes }) => {
                let group = self.group(group);
                for name in processes {
                    group.suspended.push(SuspendedProcess {
                        name: name.clone(),
                        reason: "User suspended".to_owned(),
                    });
                }
            }
            Mutation::AutoScaling(autoscaling::Write::ResumeProcesses { group, processes }) => {
                self.group(group)
                    .suspended
                    .retain(|known| !processes.contains(&known.name));
            }
            Mutation::Sns(_) | Mutation::Exec(_) | Mutation::Http(_) => {}
            Mutation::Ssm(ssm::Write::RunDocument {
                document, instance, ..
            }) => self.commands.push((now, document.clone(), instance.clone())),
            other => panic!("nobody changes this here: {other:?}"),
        }
    }
}

fn host(id: &str, ping: Ping) -> ManagedHost {
    ManagedHost {
        instance_id: id.to_owned(),
        ping,
        last_ping_at: None,
        agent_version: None,
        platform: None,
    }
}

fn credentials() -> Fault {
    Fault::new(
        FaultKind::Credentials(CredentialFault::SessionExpired),
        "sts",
        "GetCallerIdentity",
        "The security token included in the request is expired",
    )
}

fn group(name: &str) -> Group {
    let mut group = Group {
        arn: format!(
            "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:x:autoScalingGroupName/{name}"
        ),
        name: name.to_owned(),
        min: 1,
        max: 6,
        desired: 4,
        weighted: false,
        instances: Vec::new(),
        suspended: Vec::new(),
        scheduled_actions: Vec::new(),
        warm_pool: None,
        instance_types: vec!["g5.xlarge".to_owned()],
        launch_template: None,
        mix: None,
        target_groups: Vec::new(),
        created_at: None,
        tags: Vec::new(),
    };
    resize(&mut group);
    group
}

fn resize(group: &mut Group) {
    group.instances.truncate(group.desired as usize);
    for number in group.instances.len()..group.desired as usize {
        group.instances.push(GroupInstance {
            id: format!("i-{}-{number}", group.name),
            instance_type: Some("g5.xlarge".to_owned()),
            zone: "us-east-1a".to_owned(),
            lifecycle: "InService".to_owned(),
            healthy: true,
            protected: false,
        });
    }
}
