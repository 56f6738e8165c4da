//! One runbook through every phase: parameters, plan, confirmation, locks, changes, verification, history.

use quarterdeck::domain::exit::Exit;
use quarterdeck::engine::run::{Control, Followed, Notice, StoreError};
use quarterdeck::runbook::machine::{Answer, Happening, Question};
use quarterdeck::runbook::params::Layer;
use quarterdeck::runbook::record::{self, Record, RunId, Status};

use super::stage::{Stage, Watch, given, run};

#[tokio::test(start_paused = true)]
async fn a_run_goes_from_its_plan_to_history() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    assert_eq!(stage.log.writes().len(), 0, "planning changes nothing");
    assert_eq!(stage.engine.store().unwrap().list().unwrap(), []);
    let (start, digest) = (stage.unattended(&plan), plan.digest.clone());
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert!(summary.changed && summary.targets.ok == 1, "{summary:#?}");
    assert!(
        watch.happenings.contains(&Happening::Verifying),
        "{:#?}",
        watch.happenings
    );
    assert_eq!(stage.log.writes().len(), 1);

    // The journal says the same, with nothing but whole and chained lines, and nobody holds anything.
    let store = stage.engine.store().unwrap();
    let journal = store.journal(&summary.run_id).unwrap();
    assert_eq!(journal.entries, watch.entries);
    let Record::Started {
        who,
        reason,
        approval,
        ..
    } = &journal.entries[0].record
    else {
        panic!("{:#?}", journal.entries[0]);
    };
    assert_eq!((who.user.as_str(), reason.as_deref()), ("alice", Some("a test")));
    assert_eq!(approval.digest, digest);
    let heads = store.list().unwrap();
    assert_eq!(heads.len(), 1);
    let head = &heads[0];
    assert_eq!((head.status, head.exit), (Status::Succeeded, Some(Exit::Done)));
    assert_eq!(head.targets, ["codemate-backend-service"]);
    assert!(
        head.changed && head.ended_at.is_some() && head.trouble.is_none(),
        "{head:#?}"
    );
    assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
    assert_eq!(store.summary(&summary.run_id).unwrap().targets, summary.targets);
    for wanted in [
        "last",
        &summary.run_id.0,
        &summary.run_id.0[..10],
        &summary.run_id.0[18..],
    ] {
        assert_eq!(store.find(wanted).as_ref(), Ok(&summary.run_id), "{wanted}");
    }
    assert!(matches!(store.find("r-2025"), Err(StoreError::Unknown(_))));

    // The same plan is not run twice; another finds nothing to do.
    let plan = match &journal.entries[0].record {
        Record::Started { plan, .. } => (**plan).clone(),
        other => panic!("{other:?}"),
    };
    let again = stage.engine.start(plan.clone(), stage.unattended(&plan));
    assert_eq!(again.unwrap_err().exit, Exit::Drift);
    let plan = stage.scale(5).await;
    assert!(plan.is_empty(), "{plan:#?}");
}

#[tokio::test(start_paused = true)]
async fn parameters_are_listed_and_looked_up() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let mut preparation = stage.preparation("ecs-scale").await;
    let nothing = given(preparation.runbook(), &[]);
    let resolution = preparation.resolve(nothing).await;
    let names: Vec<&str> = resolution
        .fields
        .iter()
        .map(|field| field.param.as_str())
        .collect();
    assert_eq!(names, ["cluster", "service", "desired"]);
    let clusters: Vec<String> = resolution.fields[0]
        .candidates
        .iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    assert_eq!(clusters, ["codemate-cluster", "codemate-cluster-dev"]);
    let unresolved = resolution.result.unwrap_err();
    assert!(
        unresolved.missing.contains(&"cluster".to_owned()),
        "{unresolved:?}"
    );

    let set = [("cluster", "codemate-cluster"), ("service", "codemate-backend")];
    let wrong = given(preparation.runbook(), &set);
    let resolution = preparation.resolve(wrong).await;
    let service = &resolution.fields[1];
    assert_eq!(service.candidates.as_ref().map(Vec::len), Some(2));
    assert_eq!((service.layer, service.value.clone()), (Some(Layer::Set), None));
    let problem = service.problem.as_deref().unwrap();
    assert!(problem.contains("codemate-backend-service"), "{problem}");

    // What was listed once is not asked again.
    let before = stage.cloud.reads.load(std::sync::atomic::Ordering::SeqCst);
    let set = [
        ("cluster", "codemate-cluster"),
        ("service", "codemate-backend-service"),
        ("desired", "3"),
    ];
    let right = given(preparation.runbook(), &set);
    let resolution = preparation.resolve(right).await;
    assert!(resolution.result.is_ok(), "{:?}", resolution.result);
    assert_eq!(resolution.fields[1].candidates.as_ref().map(Vec::len), Some(2));
    assert_eq!(
        stage.cloud.reads.load(std::sync::atomic::Ordering::SeqCst),
        before
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_is_asked_and_may_decline() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    for (answer, exit) in [
        (Some(Answer::No), Exit::Declined),
        (Some(Answer::NoTerminal), Exit::NeedsTerminal),
        (None, Exit::NeedsTerminal),
    ] {
        let plan = stage.scale(5).await;
        let mut start = stage.unattended(&plan);
        start.confirmed = None;
        let mut watch = Watch::new(stage.engine.start(plan, start).unwrap());
        let Notice::Asked { ticket, question } = watch.notice().await else {
            panic!("{:#?}", watch.happenings);
        };
        assert!(matches!(question, Question::Confirm { .. }));
        match answer {
            Some(answer) => watch.tell(Control::Answer { ticket, answer }),
            // Whoever was asked is gone.
            None => watch.handle.control = tokio::sync::mpsc::unbounded_channel().0,
        }
        let summary = watch.end().await;
        assert_eq!(summary.exit, exit);
        assert!(!summary.journaled);
    }
    assert_eq!(stage.engine.store().unwrap().list().unwrap(), []);
    assert_eq!(stage.log.writes().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_process_follows_a_run_to_its_end() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let mut watch = stage.begin(plan);
    watch
        .until(|happening| matches!(happening, Happening::Waiting { .. }))
        .await;
    let other = stage.another(home.path());
    let head = &other.store().unwrap().list().unwrap()[0];
    assert_eq!(head.status, Status::Running);
    let mut follower = other.follow(&head.id).unwrap();
    let mut entries = Vec::new();
    let (summary, followed) = tokio::join!(watch.end(), async {
        loop {
            match follower.next().await.unwrap() {
                Followed::Entry(entry) => entries.push(*entry),
                Followed::Ended(head) => return head,
            }
        }
    });
    assert_eq!(summary.status, Status::Succeeded);
    assert_eq!(followed.status, Status::Succeeded);
    assert_eq!(entries, watch.entries);
    let missing = other.follow(&RunId("r-20261121-020000-none".to_owned()));
    assert!(matches!(missing.err(), Some(StoreError::Unknown(_))));
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_was_changed_is_told_and_not_continued() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan.clone(), start).await;
    let store = stage.engine.store().unwrap();
    let path = store.journal_path(&summary.run_id);
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let changed = whole.replace("alice", "mallory");
    let without_one: String = lines
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let version = format!("\"v\":{}", record::VERSION);
    for (text, word) in [
        (changed, "line 1"),
        (without_one, "line 3"),
        (whole.replace(&version, "\"v\":99"), "line 1"),
    ] {
        std::fs::write(&path, text).unwrap();
        let head = &store.list().unwrap()[0];
        let trouble = head.trouble.as_deref().unwrap_or_default();
        assert!(trouble.contains(word), "{trouble}");
        let to = quarterdeck::runbook::record::Resume::RollBack;
        let refused = stage.engine.resume(&summary.run_id, to, stage.unattended(&plan));
        assert_eq!(refused.unwrap_err().exit(), Exit::Precondition);
    }
    // A line that was cut short is no damage: nothing was done on the strength of it.
    let closed = lines[lines.len() - 1];
    let torn = &whole[..whole.len() - closed.len() / 2];
    std::fs::write(&path, torn).unwrap();
    let head = &store.list().unwrap()[0];
    assert_eq!(
        (head.status, head.trouble.as_deref()),
        (Status::Interrupted, None)
    );
}
