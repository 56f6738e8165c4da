//! Every shipped runbook, killed at every record of its journal, with and without the call that the
//! record announces: taken up again it ends as if nothing had happened, or is taken back, and nothing is
//! ever applied twice. The world comes back from its record of accepted writes, as it does for a process
//! that was killed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{AcceptedWrite, Scenario, World};
use quarterdeck::domain::asg::{LaunchTemplate, RefreshSettings, Spared};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::glob::Glob;
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, Token, autoscaling};
use quarterdeck::domain::policy::Selection;
use quarterdeck::runbook::action::{self, Standing, View, standing};
use quarterdeck::runbook::machine::Summary;
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::record::{self, Entry, Outcome, Record, Resume, RunId, Status};
use quarterdeck::runbook::shipped::SHIPPED;

use super::stage::{EPOCH, Stage, Watch, run};

/// Parameters.
type Set = &'static [(&'static str, &'static str)];

/// How a shipped runbook is tried.
struct Sample {
    runbook: &'static str,
    world: World,
    scenario: Scenario,
    /// What has to have happened for it to have something to do.
    before: Before,
    set: Set,
    /// What is left of it once it was taken back.
    undo: Undo,
}

/// What happens before a runbook is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// Another runbook was run to its end.
    Runbook(&'static str, Set),
    /// A group's instances are being replaced by those of another version of its launch template.
    Refresh {
        group: &'static str,
        version: &'static str,
    },
}

/// What taking back comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// Everything is as it was.
    Whole,
    /// Nothing has to be taken back: what is different does not matter.
    Needless,
    /// Something is left, because nothing can take it back: exit 11, and the summary says what.
    Leaves,
}

/// The part of Codemate that is not production.
const DEV: &str = "codemate-dev";

/// One line for each shipped runbook, and its test below.
const SAMPLES: &[Sample] = &[
    Sample {
        runbook: "asg-instance-refresh-rollback",
        world: World::Ecommerce,
        scenario: Scenario::Quiet,
        before: Before::Refresh {
            group: "ecommerce-app-asg",
            version: "2",
        },
        set: &[("group", "ecommerce-app-asg")],
        // What was rolled back does not come again.
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "asg-rollback-image",
        world: World::Ecommerce,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("group", "ecommerce-app-asg"), ("repository", "ecommerce-app")],
        // Instances that were replaced stay so.
        undo: Undo::Leaves,
    },
    // The copy is made, checked and removed; taken back in between it stays.
    Sample {
        runbook: "dr-drill",
        world: World::Ecommerce,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("instance", "ecommerce-db")],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "drain-gpu-host",
        world: World::Invokeai,
        scenario: Scenario::GpuIdleNight,
        before: Before::Nothing,
        // One of two in the group invokeai-gpu-workers.
        set: &[("instance", "i-03d42672df1900fee")],
        // The instance is gone; another one takes its place.
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "ecs-restart",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
        ],
        undo: Undo::Needless,
    },
    Sample {
        runbook: "ecs-scale",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("desired", "5"),
        ],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "eks-scale-nodegroup",
        world: World::Fashion,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("nodegroup", "fashion-ai-app"), ("desired", "4")],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "gpu-morning-up",
        world: World::Invokeai,
        scenario: Scenario::GpuIdleNight,
        before: Before::Runbook("gpu-night-down", &[("busy", "force")]),
        set: &[],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "gpu-night-down",
        world: World::Invokeai,
        scenario: Scenario::GpuIdleNight,
        before: Before::Nothing,
        set: &[("busy", "force")],
        undo: Undo::Whole,
    },
    // The snapshot stays, and so do backups.
    Sample {
        runbook: "rds-backup-now",
        world: World::Ecommerce,
        scenario: Scenario::DrGap,
        before: Before::Nothing,
        set: &[("instance", "ecommerce-db")],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "pipeline-approve",
        world: World::Codemate,
        scenario: Scenario::ApprovalWaiting,
        before: Before::Nothing,
        set: &[("pipeline", "codemate-pipeline-prod"), ("answer", "approve")],
        // An answer stands.
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "pipeline-release",
        world: World::Codemate,
        scenario: Scenario::BadDeploy,
        before: Before::Runbook(
            "rollback-deploy",
            &[
                ("cluster", "codemate-cluster"),
                ("service", "codemate-backend-service"),
                ("hold_pipeline", "true"),
            ],
        ),
        set: &[("pipeline", "codemate-pipeline-prod"), ("stage", "Deploy")],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "pipeline-retry-stage",
        world: World::Codemate,
        scenario: Scenario::PipelineFailed,
        before: Before::Nothing,
        set: &[("pipeline", "codemate-pipeline-prod"), ("stage", "Build")],
        // What was built stays built.
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "pipeline-rollback-stage",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("pipeline", "codemate-pipeline-prod"), ("stage", "Deploy")],
        // The next execution brings it forward again.
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "lambda-rollback-alias",
        world: World::Fashion,
        scenario: Scenario::LambdaErrors,
        before: Before::Nothing,
        set: &[("function", "fashion-ai-image-resize")],
        undo: Undo::Whole,
    },
    // What was reserved goes into a tag, then nothing is.
    Sample {
        runbook: "lambda-throttle",
        world: World::Fashion,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("function", "fashion-ai-image-resize"), ("state", "stop")],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "rds-reboot-failover",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("instance", "codemate-db-prod")],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "asg-scale",
        world: World::Ecommerce,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("group", "ecommerce-app-asg"), ("desired", "3")],
        undo: Undo::Whole,
    },
    // Storage stays as large as it was made.
    Sample {
        runbook: "rds-grow-storage",
        world: World::Ecommerce,
        scenario: Scenario::DbStorageLow,
        before: Before::Nothing,
        set: &[("instance", "ecommerce-db"), ("storage_gib", "75")],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "rds-restart",
        world: World::Ecommerce,
        scenario: Scenario::DbStorageLow,
        before: Before::Nothing,
        set: &[("instance", "ecommerce-db")],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "redis-failover",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("group", "codemate-redis-prod")],
        undo: Undo::Leaves,
    },
    // A cluster, at a moment, beside the old one.
    Sample {
        runbook: "restore-rds-point-in-time",
        world: World::Fashion,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[
            ("instance", "fashion-ai-aurora-1"),
            ("new_instance", "fashion-ai-again"),
        ],
        undo: Undo::Leaves,
    },
    // An instance, from its newest snapshot, in the place of the old one.
    Sample {
        runbook: "restore-rds-snapshot",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("instance", "codemate-db-prod"), ("swap", "true")],
        undo: Undo::Leaves,
    },
    // Every sort of step: a pipeline is held, a copy is registered and deployed.
    Sample {
        runbook: "rollback-deploy",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("to", "codemate-backend:1"),
            ("hold_pipeline", "true"),
        ],
        // The copy stays; nothing runs of it.
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "sagemaker-endpoint-rollback",
        world: World::Fashion,
        scenario: Scenario::EndpointDegraded,
        before: Before::Nothing,
        set: &[("endpoint", "fashion-ai-avatar-render")],
        undo: Undo::Whole,
    },
    // Beyond the bounds of its scaling, which are moved.
    Sample {
        runbook: "sagemaker-scale-endpoint",
        world: World::Fashion,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("endpoint", "fashion-ai-avatar-render"), ("count", "4")],
        undo: Undo::Whole,
    },
    // A notebook instance and an application of Studio.
    Sample {
        runbook: "sagemaker-stop-idle",
        world: World::Fashion,
        scenario: Scenario::NotebookLeftOn,
        before: Before::Nothing,
        set: &[("on_hours", "12")],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "acm-validate-certificate",
        world: World::Codemate,
        scenario: Scenario::CertExpiring,
        before: Before::Nothing,
        set: &[("certificate", "*.code1398.io")],
        undo: Undo::Whole,
    },
    // The tag stays.
    Sample {
        runbook: "ecr-keep-image",
        world: World::Ecg,
        scenario: Scenario::ImageExpiring,
        before: Before::Nothing,
        set: &[("repository", "ecg-project-pipeline-dev-api")],
        undo: Undo::Needless,
    },
    Sample {
        runbook: "redis-resize",
        world: World::Ecommerce,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("cache", "ecommerce-redis")],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "cloudfront-invalidate",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[
            ("distribution", "static.code1398.io"),
            ("paths", "/index.html,/images/*"),
        ],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "sqs-redrive",
        world: World::Invokeai,
        scenario: Scenario::Everyday,
        before: Before::Nothing,
        set: &[("queue", "invokeai-generation-dlq")],
        undo: Undo::Leaves,
    },
    Sample {
        runbook: "start-estate",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Runbook("stop-estate", &[("estate", DEV)]),
        set: &[("estate", DEV)],
        undo: Undo::Whole,
    },
    Sample {
        runbook: "stop-estate",
        world: World::Codemate,
        scenario: Scenario::Quiet,
        before: Before::Nothing,
        set: &[("estate", DEV)],
        undo: Undo::Whole,
    },
];

/// Runbooks with a call that leaves nothing by which a read could tell that it was made. Killed within it,
/// they end with exit 11 and never make it again.
const UNPROVABLE: &[&str] = &["redis-failover"];

macro_rules! crashes {
    ($($name:ident: $runbook:literal,)*) => {
        const TESTED: &[&str] = &[$($runbook),*];
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                crash_everywhere($runbook).await;
            }
        )*
    };
}

crashes! {
    asg_instance_refresh_rollback: "asg-instance-refresh-rollback",
    asg_rollback_image: "asg-rollback-image",
    cloudfront_invalidate: "cloudfront-invalidate",
    dr_drill: "dr-drill",
    drain_gpu_host: "drain-gpu-host",
    ecs_restart: "ecs-restart",
    ecs_scale: "ecs-scale",
    eks_scale_nodegroup: "eks-scale-nodegroup",
    gpu_morning_up: "gpu-morning-up",
    gpu_night_down: "gpu-night-down",
    pipeline_approve: "pipeline-approve",
    pipeline_release: "pipeline-release",
    pipeline_retry_stage: "pipeline-retry-stage",
    pipeline_rollback_stage: "pipeline-rollback-stage",
    rds_backup_now: "rds-backup-now",
    lambda_rollback_alias: "lambda-rollback-alias",
    lambda_throttle: "lambda-throttle",
    rds_reboot_failover: "rds-reboot-failover",
    asg_scale: "asg-scale",
    rds_grow_storage: "rds-grow-storage",
    rds_restart: "rds-restart",
    acm_validate_certificate: "acm-validate-certificate",
    ecr_keep_image: "ecr-keep-image",
    redis_failover: "redis-failover",
    redis_resize: "redis-resize",
    restore_rds_point_in_time: "restore-rds-point-in-time",
    restore_rds_snapshot: "restore-rds-snapshot",
    rollback_deploy: "rollback-deploy",
    sagemaker_endpoint_rollback: "sagemaker-endpoint-rollback",
    sagemaker_scale_endpoint: "sagemaker-scale-endpoint",
    sagemaker_stop_idle: "sagemaker-stop-idle",
    sqs_redrive: "sqs-redrive",
    start_estate: "start-estate",
    stop_estate: "stop-estate",
}

#[test]
fn every_shipped_runbook_is_tried() {
    let shipped: BTreeSet<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    let samples: BTreeSet<&str> = SAMPLES.iter().map(|sample| sample.runbook).collect();
    let tested: BTreeSet<&str> = TESTED.iter().copied().collect();
    assert_eq!(samples, shipped);
    assert_eq!(tested, shipped);
}

/// Of every shipped runbook, against every read that its plan takes.
#[tokio::test(start_paused = true)]
async fn no_plan_of_a_shipped_runbook_makes_a_changing_call() {
    for sample in SAMPLES {
        let home = tempfile::tempdir().unwrap();
        let stage = stage(sample, Vec::new(), EPOCH.parse().unwrap(), home.path());
        happen(sample.before, &stage).await;
        let calls = || {
            let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
            (count(&stage.cloud.reads), count(&stage.cloud.writes))
        };
        let (read, written) = calls();
        let plan = stage.plan(sample.runbook, sample.set).await.plan;
        assert!(!plan.is_empty(), "{}", sample.runbook);
        let (read_since, written_since) = calls();
        assert!(read_since > read, "{}", sample.runbook);
        assert_eq!(written_since, written, "{}", sample.runbook);
    }
}

/// A run that went to its end: its journal, and what the world accepted.
struct Whole {
    run: RunId,
    text: String,
    entries: Vec<Entry>,
    /// Writes before it.
    before: Vec<AcceptedWrite>,
    /// Its own.
    writes: Vec<AcceptedWrite>,
}

impl Whole {
    fn of(stage: &Stage, run: &RunId, before: &[AcceptedWrite]) -> Self {
        let writes = stage.log.writes();
        assert_eq!(&writes[..before.len()], before);
        let path = stage.engine.store().unwrap().journal_path(run);
        let text = fs::read_to_string(path).unwrap();
        Self {
            run: run.clone(),
            entries: record::read(&text).unwrap().entries,
            before: before.to_vec(),
            writes: writes[before.len()..].to_vec(),
            text,
        }
    }

    /// What was done, target by target: they may overtake one another.
    fn calls(&self) -> Vec<(&str, &Token, &Mutation)> {
        let target = |token: &Token| {
            let change = self.entries.iter().find_map(|entry| match &entry.record {
                Record::Intent {
                    act, token: known, ..
                } if known == token => Some(act.change),
                _ => None,
            });
            self.plan().changes[change.unwrap()].target.id.as_str()
        };
        let calls = self.writes.iter();
        let mut calls: Vec<_> = calls
            .map(|write| (target(&write.token), &write.token, &write.change))
            .collect();
        calls.sort_by_key(|(target, ..)| *target);
        calls
    }

    fn plan(&self) -> &Plan {
        match &self.entries[0].record {
            Record::Started { plan, .. } => plan,
            other => panic!("{other:?}"),
        }
    }
}

/// Where a process dies.
#[derive(Debug, Clone, Copy)]
struct Death {
    /// So many lines were on the disk.
    lines: usize,
    /// Whether the calls that they announce were made.
    made: bool,
    /// Whether the beginning of the next line was on the disk too.
    torn: bool,
}

/// What a process that died so leaves: its journal, the writes that the world had accepted, and when.
fn remains(whole: &Whole, death: Death) -> (String, Vec<AcceptedWrite>, Timestamp) {
    let mut lines = whole.text.split_inclusive('\n');
    let mut text: String = lines.by_ref().take(death.lines).collect();
    if let Some(next) = lines.next().filter(|_| death.torn) {
        text.push_str(&next[..next.len() / 2]);
    }
    let entries = &whole.entries[..death.lines];
    let mut intended = Vec::new();
    let mut open = BTreeSet::new();
    for entry in entries {
        match &entry.record {
            Record::Intent { act, token, .. } => {
                intended.push(token.clone());
                open.insert((*act, token.0.clone()));
            }
            Record::Outcome { act, outcome, .. } => {
                assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
                open.retain(|(other, _)| other != act);
            }
            _ => {}
        }
    }
    let is_open = |write: &AcceptedWrite| open.iter().any(|(_, token)| *token == write.token.0);
    let writes: Vec<AcceptedWrite> = whole
        .writes
        .iter()
        .filter(|write| intended.contains(&write.token) && (death.made || !is_open(write)))
        .cloned()
        .collect();
    let last = entries[death.lines - 1].at.cloud;
    let now = writes.iter().map(|write| write.at).fold(last, Timestamp::max);
    let writes = whole.before.iter().cloned().chain(writes).collect();
    (text, writes, now + SignedDuration::from_secs(2))
}

/// Whether a death with and without the calls made is the same.
fn has_open_calls(whole: &Whole, lines: usize) -> bool {
    let dead = |made| {
        let death = Death {
            lines,
            made,
            torn: false,
        };
        remains(whole, death).1.len()
    };
    dead(true) != dead(false)
}

fn stage(sample: &Sample, writes: Vec<AcceptedWrite>, now: Timestamp, state: &Path) -> Stage {
    let mut stage = Stage::new((sample.world, sample.scenario), writes, now, state);
    if sample.set.contains(&("estate", DEV)) {
        let selection = Selection {
            clusters: vec![Glob::new("codemate-cluster-dev")],
            names: vec![Glob::new("codemate-db-dev")],
            ..Selection::default()
        };
        stage.estate = Some((DEV, Arc::new(selection)));
    }
    stage
}

/// Lets happen what a runbook needs.
async fn happen(before: Before, stage: &Stage) {
    match before {
        Before::Nothing => {}
        Before::Runbook(runbook, set) => {
            let plan = stage.plan(runbook, set).await.plan;
            let start = stage.unattended(&plan);
            let (summary, _) = run(&stage.engine, plan, start).await;
            assert_eq!(summary.exit, Exit::Done, "{runbook}: {summary:#?}");
        }
        Before::Refresh { group, version } => {
            let query = Query::AutoScaling(autoscaling::Read::Groups);
            let groups = match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
                ReplyData::Groups(groups) => groups,
                other => panic!("{other:?}"),
            };
            let known = groups.into_iter().find(|known| known.name == group).unwrap();
            let change = Mutation::AutoScaling(autoscaling::Write::StartInstanceRefresh {
                group: group.to_owned(),
                settings: RefreshSettings {
                    min_healthy_percent: 90,
                    max_healthy_percent: None,
                    warmup_s: None,
                    skip_matching: false,
                    spared: Spared::Ignore,
                    template: Some(LaunchTemplate {
                        version: version.to_owned(),
                        ..known.launch_template.unwrap()
                    }),
                },
            });
            let token = Token("before".to_owned());
            stage.cloud.write(&stage.scope, &change, &token).await.unwrap();
        }
    }
}

async fn crash_everywhere(runbook: &str) {
    let sample = SAMPLES.iter().find(|sample| sample.runbook == runbook).unwrap();
    let home = tempfile::tempdir().unwrap();
    let stage = stage(sample, Vec::new(), EPOCH.parse().unwrap(), home.path());
    happen(sample.before, &stage).await;
    let before = stage.log.writes();
    let plan = stage.plan(runbook, sample.set).await.plan;
    assert!(!plan.is_empty(), "{runbook} changes nothing here");
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!(
        summary.exit,
        Exit::Done,
        "{runbook}: {summary:#?}\n{:#?}",
        watch.happenings
    );
    let whole = Whole::of(&stage, &summary.run_id, &before);

    let mut last_undone = None;
    for lines in 1..whole.entries.len() {
        for made in [false, true] {
            if made && !has_open_calls(&whole, lines) {
                continue;
            }
            let death = Death {
                lines,
                made,
                torn: made != (lines % 2 == 0),
            };
            let (summary, resumed) = take_up(sample, &whole, death, Resume::Forward).await;
            let what = format!(
                "{runbook} resumed after {death:?}: {summary:#?}\n{}",
                resumed.text
            );
            if made && UNPROVABLE.contains(&runbook) {
                let unknown = (summary.exit, summary.targets.unknown);
                assert_eq!(unknown, (Exit::Partial, 1), "{what}");
            } else {
                let ended = (summary.exit, summary.status);
                assert_eq!(ended, (Exit::Done, Status::Succeeded), "{what}");
            }
            assert_eq!(resumed.calls(), whole.calls(), "{what}");

            let (summary, undone) = take_up(sample, &whole, death, Resume::RollBack).await;
            check_undone(sample, &summary, &format!("{death:?}: {}", undone.text));
            last_undone = Some((lines, undone));
        }
    }

    // The same while it is being taken back.
    let (already, undone) = last_undone.expect("there are records");
    for lines in already + 1..undone.entries.len() {
        for made in [false, true] {
            if made && !has_open_calls(&undone, lines) {
                continue;
            }
            let death = Death {
                lines,
                made,
                torn: false,
            };
            let (summary, again) = take_up(sample, &undone, death, Resume::RollBack).await;
            check_undone(sample, &summary, &format!("twice, {death:?}: {}", again.text));
            assert_eq!(again.writes.len(), undone.writes.len(), "{}", again.text);
        }
    }
}

fn check_undone(sample: &Sample, summary: &Summary, what: &str) {
    let what = format!("{} taken back after {what}: {summary:#?}", sample.runbook);
    match (summary.changed, sample.undo) {
        (false, _) => assert!(
            matches!(summary.status, Status::Failed | Status::RolledBack),
            "{what}"
        ),
        (true, Undo::Whole | Undo::Needless) => {
            assert_eq!(summary.status, Status::RolledBack, "{what}");
            assert!(summary.rolled_back && summary.remains.is_empty(), "{what}");
        }
        (true, Undo::Leaves) => {
            assert!(
                summary.status == Status::RolledBack || !summary.remains.is_empty(),
                "{what}"
            );
        }
    }
}

/// Another process, in the world that the one that died has left.
async fn take_up(sample: &Sample, whole: &Whole, death: Death, to: Resume) -> (Summary, Whole) {
    let home = tempfile::tempdir().unwrap();
    let (text, writes, now) = remains(whole, death);
    let folder = home.path().join("runs").join(&whole.run.0);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("journal.jsonl"), text).unwrap();
    let stage = stage(sample, writes, now, home.path());
    let head = stage.engine.store().unwrap().head(&whole.run).unwrap();
    assert_eq!(head.status, Status::Interrupted, "{head:#?}");
    let start = stage.unattended(whole.plan());
    let mut watch = Watch::new(stage.engine.resume(&whole.run, to, start).unwrap());
    let summary = watch.end().await;
    let after = Whole::of(&stage, &whole.run, &whole.before);
    let mut tokens = BTreeSet::new();
    for write in &after.writes {
        assert!(
            tokens.insert(&write.token.0),
            "applied twice after {death:?}: {}",
            after.text
        );
    }
    assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
    if to == Resume::RollBack && sample.undo == Undo::Whole {
        as_before(&stage, whole.plan(), &format!("{death:?}: {}", after.text)).await;
    }
    (summary, after)
}

/// Every resource is as it was before the run.
async fn as_before(stage: &Stage, plan: &Plan, what: &str) {
    let mut seen = BTreeSet::new();
    for change in &plan.changes {
        // A later change of the same sort begins where an earlier one has led. Nothing brings an instance
        // back that ended; that there are as many as before is seen by the group's size.
        let is_first = seen.insert((change.target.lock_key(), &change.action));
        if !is_first || change.action == "asg.terminate_instance" {
            continue;
        }
        let action = action::find(&change.action).unwrap();
        let mut answers = Vec::new();
        for query in action.reads(&change.with).unwrap() {
            let answer = stage.cloud.read(&stage.scope, &query).await;
            answers.push((query, answer));
        }
        let is = standing(change, action.sight(change, &View::new(answers)));
        assert!(
            matches!(is, Standing::AsPlanned),
            "{} is not as before: {is:?} after {what}",
            change.target.name
        );
    }
}
