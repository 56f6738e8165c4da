//! Planning a runbook over a thousand Auto Scaling groups, and running it in the pure machine against a
//! world in memory: time, journal and peak memory. `cargo bench --bench runbooks`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use quarterdeck::domain::asg::{Group, GroupInstance};
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::ops::{Mutation, Query, Receipt, Reply, ReplyData, autoscaling};
use quarterdeck::domain::policy::ConfirmLevel;
use quarterdeck::domain::price::PriceTable;
use quarterdeck::domain::scope::{Identity, ScopeName};
use quarterdeck::runbook::action::{Allowances, Decisions, View};
use quarterdeck::runbook::machine::{Answer, Command, Event, Run, Summary, Ticket};
use quarterdeck::runbook::plan::{Plan, PlanIdentity};
use quarterdeck::runbook::planner::{Next, Planner, RunNames};
use quarterdeck::runbook::record::{Moment, RunId, Who};
use quarterdeck::runbook::value::Value;
use quarterdeck::runbook::{File, NoLibrary, catalogue, load, observe};

const TARGETS: usize = 1_000;
const MIB: f64 = 1024.0 * 1024.0;
const ACCOUNT: &str = "123456789012";
const ARN: &str = "arn:aws:sts::123456789012:assumed-role/oncall/alice";

const RUNBOOK: &str = r#"
apiVersion: quarterdeck/v1
kind: Runbook
name: night
title: Everything down
params:
  fleet: {type: list<aws/asg>, about: Groups, from: {list: asg}}
limits: {max_targets: 1000, deadline: 6h}
steps:
  - id: hold
    action: asg.suspend_processes
    for_each: params.fleet
    concurrency: 50
    with: {group: "${each.name}", processes: [AlarmNotification]}
  - id: down
    action: asg.set_capacity
    for_each: params.fleet
    concurrency: 50
    with: {group: "${each.name}", min: 0, desired: 0}
    wait: {timeout: 20m}
verify:
  - {check: expr, that: "all(params.fleet, group -> group.in_service == 0)", within: 10m}
"#;

/// Groups whose instances follow at once.
struct World {
    now: Timestamp,
    groups: Vec<Group>,
    index: BTreeMap<String, usize>,
    reads: usize,
    writes: usize,
}

impl World {
    fn new() -> Self {
        let groups: Vec<Group> = (0..TARGETS).map(group).collect();
        Self {
            now: "2026-11-21T02:00:00Z".parse().expect("a timestamp"),
            index: groups
                .iter()
                .enumerate()
                .map(|(place, group)| (group.name.clone(), place))
                .collect(),
            groups,
            reads: 0,
            writes: 0,
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            cloud: self.now,
            wall: self.now,
        }
    }

    fn read(&mut self, query: &Query) -> Result<Reply, Fault> {
        self.reads += 1;
        Ok(Reply::whole(match query {
            Query::Sts(_) => ReplyData::Identity(Identity {
                account: ACCOUNT.to_owned(),
                arn: ARN.to_owned(),
                credentials_expire_at: None,
                server_time: None,
            }),
            Query::AutoScaling(autoscaling::Read::Groups) => ReplyData::Groups(self.groups.clone()),
            Query::AutoScaling(_) => ReplyData::Activities(Vec::new()),
            Query::Ec2(_) => ReplyData::Instances(Vec::new()),
            other => panic!("nobody asks this here: {other:?}"),
        }))
    }

    fn view(&mut self, queries: Vec<Query>) -> View {
        let answers = queries.into_iter().map(|query| {
            let answer = self.read(&query);
            (query, answer)
        });
        View::new(answers.collect())
    }

    fn write(&mut self, change: &Mutation) {
        self.writes += 1;
        match change {
            Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
                group, min, desired, ..
            }) => {
                let group = &mut self.groups[self.index[group]];
                group.min = min.unwrap_or(group.min);
                group.desired = desired.unwrap_or(group.desired);
                group.instances.truncate(group.desired as usize);
            }
            Mutation::AutoScaling(autoscaling::Write::SuspendProcesses { group, processes }) => {
                let group = &mut self.groups[self.index[group]];
                for name in processes {
                    group.suspended.push(quarterdeck::domain::asg::SuspendedProcess {
                        name: name.clone(),
                        reason: "User suspended".to_owned(),
                    });
                }
            }
            other => panic!("nobody changes this here: {other:?}"),
        }
    }
}

fn group(nth: usize) -> Group {
    let name = format!("workers-{nth:04}");
    Group {
        arn: format!(
            "arn:aws:autoscaling:us-east-1:{ACCOUNT}:autoScalingGroup:x:autoScalingGroupName/{name}"
        ),
        instances: (0..2)
            .map(|number| GroupInstance {
                id: format!("i-{nth:04}{number}"),
                instance_type: Some("g5.xlarge".to_owned()),
                zone: "us-east-1a".to_owned(),
                lifecycle: "InService".to_owned(),
                healthy: true,
                protected: false,
            })
            .collect(),
        name,
        min: 1,
        max: 6,
        desired: 2,
        weighted: false,
        suspended: Vec::new(),
        scheduled_actions: Vec::new(),
        warm_pool: None,
        instance_types: vec!["g5.xlarge".to_owned()],
        launch_template: None,
        target_groups: Vec::new(),
        created_at: None,
        tags: Vec::new(),
    }
}

fn plan(world: &mut World) -> (Plan, Duration) {
    let file = File {
        key: "night".to_owned(),
        name: "night.yaml".to_owned(),
        bytes: RUNBOOK.as_bytes().to_vec(),
    };
    let runbook = load(&file, &NoLibrary, catalogue()).expect("it is valid").runbook;
    let seen = world.view(observe::queries(Kind::Asg));
    let start = Instant::now();
    let fleet = observe::resources(Kind::Asg, &seen)
        .expect("it was read")
        .into_iter()
        .map(|resource| Value::Resource(Arc::new(resource)))
        .collect();
    let params = BTreeMap::from([("fleet".to_owned(), Value::List(fleet))]);
    let identity = PlanIdentity {
        scope: ScopeName::new("default/us-east-1"),
        account: ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        arn: ARN.to_owned(),
        account_name: None,
        estate: None,
        environment: "dev".to_owned(),
    };
    let allowed = Allowances::default();
    let run = RunNames {
        id: "r-bench".to_owned(),
        operator: "alice".to_owned(),
        reason: None,
    };
    let decisions = Decisions::default();
    let planner = Planner {
        runbook: &runbook,
        params: &params,
        identity: &identity,
        confirm_at_least: ConfirmLevel::None,
        prices: PriceTable::shipped(),
        allowed: &allowed,
        decisions: &decisions,
        run: &run,
        now: world.now,
        wall: world.now,
    };
    let mut view = View::default();
    loop {
        match planner.plan(&view).expect("nothing refuses") {
            Next::Ready(plan) => return (*plan, start.elapsed()),
            Next::Read(queries) => {
                let news = world.view(queries);
                view.extend(news);
            }
        }
    }
}

/// Does what the machine says, at once; the journal's bytes.
fn run(plan: Plan, world: &mut World) -> (Summary, usize, usize, Duration) {
    let who = Who {
        user: "alice".to_owned(),
        host: "bastion".to_owned(),
        pid: 1,
        arn: ARN.to_owned(),
        origin: "bench".to_owned(),
        version: "bench".to_owned(),
    };
    let mut run = Run::new(RunId("r-bench".to_owned()), plan, who, None, world.moment());
    let mut events = VecDeque::from([Event::Begin]);
    let mut timers: BTreeSet<(Timestamp, Ticket)> = BTreeSet::new();
    let (mut lines, mut bytes) = (0, 0);
    let mut machine = Duration::ZERO;
    loop {
        let event = events.pop_front().unwrap_or_else(|| {
            let (at, ticket) = timers.pop_first().expect("it waits for something");
            world.now = world.now.max(at);
            Event::Due { ticket }
        });
        let start = Instant::now();
        let commands = run.step(event, world.moment());
        machine += start.elapsed();
        for command in commands {
            match command {
                Command::Read { ticket, queries } => {
                    let view = world.view(queries);
                    events.push_back(Event::Read { ticket, view });
                }
                Command::Write { ticket, mutation, .. } => {
                    world.write(&mutation);
                    let answer = Ok(Receipt::default());
                    events.push_back(Event::Written { ticket, answer });
                }
                Command::Journal { seq, line } => {
                    lines += 1;
                    bytes += line.len();
                    events.push_back(Event::Journaled { seq });
                }
                Command::Ask { ticket, .. } => events.push_back(Event::Answered {
                    ticket,
                    answer: Answer::Yes,
                }),
                Command::Lock { .. } => events.push_back(Event::Locked),
                Command::Timer { ticket, at } => {
                    timers.insert((at, ticket));
                }
                Command::Unlock | Command::Emit(_) => {}
            }
        }
        if let Some(summary) = run.summary().filter(|_| events.is_empty()) {
            return (summary.clone(), lines, bytes, machine);
        }
        world.now += SignedDuration::from_millis(1);
    }
}

/// A figure of this process's memory, bytes; `None` where the system does not tell.
fn memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024.0)
}

fn main() {
    let before = memory("VmRSS:");
    let mut world = World::new();
    let (plan, planning) = plan(&mut world);
    println!(
        "planned          {:>9} changes of {TARGETS} targets in {:.0} ms",
        plan.changes.len(),
        planning.as_secs_f64() * 1e3
    );
    println!("plan file        {:>9.1} MiB", plan.to_text().len() as f64 / MIB);
    let start = Instant::now();
    let (summary, lines, bytes, machine) = run(plan, &mut world);
    println!(
        "run              {:>9} changes, exit {}, in {:.2} s, of which the machine {:.2} s",
        summary.targets.ok,
        summary.exit.code(),
        start.elapsed().as_secs_f64(),
        machine.as_secs_f64()
    );
    println!(
        "journal          {lines:>9} records, {:.1} MiB; {} reads, {} writes",
        bytes as f64 / MIB,
        world.reads,
        world.writes
    );
    assert_eq!(summary.targets.ok, 2 * TARGETS, "{summary:?}");
    match (before, memory("VmHWM:")) {
        (Some(before), Some(peak)) => println!(
            "peak memory      {:>9.1} MiB above {:.1} MiB at the start",
            (peak - before) / MIB,
            before / MIB
        ),
        _ => println!("peak memory      unknown on this system"),
    }
}
