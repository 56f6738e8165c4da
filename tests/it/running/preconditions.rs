//! What must hold before the first change: in the plan, and again when it is carried out.

use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::asg::SuspendedProcess;
use quarterdeck::domain::delivery::Stack;
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ids::Tag;
use quarterdeck::domain::ops::{Reply, ReplyData};

use super::stage::{EPOCH, Stage, load_shipped, run};

const BACKUP: (&str, &[(&str, &str)]) = ("rds-backup-now", &[("instance", "ecommerce-db")]);

fn open(home: &tempfile::TempDir) -> Stage {
    let now = EPOCH.parse().unwrap();
    Stage::new((World::Ecommerce, Scenario::Quiet), Vec::new(), now, home.path())
}

/// A database that somebody modifies.
fn modifying(reply: &mut Reply) {
    if let ReplyData::DbInstances(all) = &mut reply.data {
        for db in all {
            "modifying".clone_into(&mut db.status);
        }
    }
}

/// A group that a stack owns, which is being updated.
fn stack_is_updated(reply: &mut Reply) {
    match &mut reply.data {
        ReplyData::Groups(all) => all.iter_mut().for_each(|group| {
            group.tags.push(Tag {
                key: "aws:cloudformation:stack-name".to_owned(),
                value: "shop".to_owned(),
            });
        }),
        ReplyData::Stacks(stacks) => {
            *stacks = vec![Stack {
                name: "shop".to_owned(),
                status: "UPDATE_IN_PROGRESS".to_owned(),
                reason: None,
            }];
        }
        _ => {}
    }
}

/// A group that may launch nothing.
fn launch_is_suspended(reply: &mut Reply) {
    if let ReplyData::Groups(all) = &mut reply.data {
        let launch = SuspendedProcess {
            name: "Launch".to_owned(),
            reason: String::new(),
        };
        for group in all {
            group.suspended.push(launch.clone());
        }
    }
}

/// The warnings of a plan, or why there is none.
async fn planned(stage: &Stage, (runbook, set): (&str, &[(&str, &str)])) -> Result<String, String> {
    let prepared = stage.try_plan(load_shipped(runbook), set).await;
    prepared
        .map(|prepared| prepared.plan.warnings.join("\n"))
        .map_err(|refused| {
            assert_eq!(refused.exit, Exit::Precondition, "{refused}");
            refused.to_string()
        })
}

#[tokio::test(start_paused = true)]
async fn what_does_not_hold_refuses_the_plan_or_is_warned_of_and_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(&home);
    let refresh = (
        "asg-instance-refresh-rollback",
        &[("group", "ecommerce-app-asg")][..],
    );
    for (asked, differs, said) in [
        (
            BACKUP,
            modifying as fn(&mut Reply),
            "ecommerce-db is modifying, and AWS takes a snapshot of one that is available: wait",
        ),
        (
            refresh,
            launch_is_suspended,
            "no instance would be replaced: resume it first, with asg-scale",
        ),
        (
            refresh,
            stack_is_updated,
            "the stack that owns ecommerce-app-asg is being changed",
        ),
    ] {
        *stage.cloud.differs.lock().unwrap() = Some(differs);
        let refused = planned(&stage, asked).await.unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
    // A number of instances may be what is needed at once: there it is only said.
    let scale = (
        "asg-scale",
        &[("group", "ecommerce-app-asg"), ("desired", "3")][..],
    );
    *stage.cloud.differs.lock().unwrap() = Some(stack_is_updated);
    let warned = planned(&stage, scale).await.unwrap();
    assert!(
        warned.contains("may set it anew: wait for the stack: it is UPDATE_IN_PROGRESS"),
        "{warned}"
    );
    *stage.cloud.differs.lock().unwrap() = None;
    let warned = planned(&stage, scale).await.unwrap();
    assert!(!warned.contains("the stack"), "{warned}");
}

#[tokio::test(start_paused = true)]
async fn what_held_in_the_plan_is_looked_at_again_before_the_first_change() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(&home);
    let plan = stage.plan(BACKUP.0, BACKUP.1).await.plan;
    assert!(!plan.is_empty());
    *stage.cloud.differs.lock().unwrap() = Some(modifying);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(
        (summary.exit, summary.changed),
        (Exit::Precondition, false),
        "{summary:#?}"
    );
    assert!(
        summary.reasons.join("; ").contains("wait until it is"),
        "{summary:#?}"
    );
    assert_eq!(stage.log.writes().len(), 0);
}

/// A database whose backups are kept for a day.
fn kept_for_a_day(reply: &mut Reply) {
    if let ReplyData::DbInstances(all) = &mut reply.data {
        for db in all {
            db.backup_retention_days = 1;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn backups_that_are_not_kept_for_long_enough_are_no_success() {
    let home = tempfile::tempdir().unwrap();
    let stage = open(&home);
    // Seven days are kept when it is planned, so that only a snapshot is to be made.
    let plan = stage.plan(BACKUP.0, BACKUP.1).await.plan;
    *stage.cloud.differs.lock().unwrap() = Some(kept_for_a_day);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_ne!(summary.exit, Exit::Done, "{summary:#?}");
    let why = summary.reasons.join("; ");
    let said = "automated backups of ecommerce-db are not kept for 7 days";
    assert!(why.contains(said), "{summary:#?}");
}
