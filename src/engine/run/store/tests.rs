use super::*;
use crate::runbook::machine::tests_support::sample_journal;

/// A store with one run in it, as a process left it that is gone.
fn stored(text: &str) -> (tempfile::TempDir, RunStore, RunId) {
    let home = tempfile::tempdir().unwrap();
    let store = RunStore::new(&StateFolder::at(home.path()));
    let id = RunId("r-20261121-020000-kqzt".to_owned());
    let path = store.journal_path(&id);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    (home, store, id)
}

#[test]
fn a_journal_is_held_by_one_and_its_torn_end_is_cut_off() {
    let whole = sample_journal();
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    let torn = &whole[..last + 20];
    let (_home, store, id) = stored(torn);
    let (mut file, journal) = store.take(&id).unwrap();
    assert!(journal.torn);
    assert!(store.is_driven(&id).unwrap());
    assert_eq!(store.take(&id).unwrap_err(), StoreError::Driven(id.clone()));
    // What is appended continues the last whole line.
    file.append(&[whole[last..].to_owned()]).unwrap();
    drop(file);
    assert!(!store.is_driven(&id).unwrap());
    assert_eq!(fs::read_to_string(store.journal_path(&id)).unwrap(), whole);
}

#[test]
fn a_run_that_was_not_begun_is_not_listed_and_no_name_leads_elsewhere() {
    let (_home, store, id) = stored("{\"hash\":\"cut sho");
    assert_eq!(store.list().unwrap(), []);
    assert_eq!(store.head(&id), Err(StoreError::Unknown(id.to_string())));
    fs::create_dir_all(store.path.join("notes")).unwrap();
    fs::write(store.path.join("r-20261121-020000-file"), "").unwrap();
    assert_eq!(store.list().unwrap(), []);
    assert!(matches!(store.find("../../etc"), Err(StoreError::Unknown(_))));
}

#[test]
fn what_was_kept_of_a_run_counts_only_for_the_journal_that_it_is_of() {
    let whole = sample_journal();
    let (_home, store, id) = stored(&whole);
    let (file, journal) = store.take(&id).unwrap();
    let mut head = RunHead::of(&journal.entries).unwrap();
    head.id = id.clone();
    head.runbook = "kept".to_owned();
    file.keep_head(&head).unwrap();
    drop(file);
    assert_eq!(store.head(&id).unwrap().runbook, "kept");
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    fs::write(store.journal_path(&id), &whole[..last]).unwrap();
    let head = store.head(&id).unwrap();
    assert_eq!(
        (head.runbook.as_str(), head.status),
        ("test", Status::Interrupted)
    );
}

#[test]
fn a_new_journal_is_made_once() {
    let home = tempfile::tempdir().unwrap();
    let store = RunStore::new(&StateFolder::at(&home.path().join("deep/state")));
    let id = RunId("r-20261121-020000-kqzt".to_owned());
    let _file = store.create(&id).unwrap();
    let again = store.create(&id).unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
}
