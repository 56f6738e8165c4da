//! Tests of the inventory.

use super::*;
use crate::domain::glob::Glob;
use crate::domain::queue::Queue;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn scope(name: &str) -> Arc<Scope> {
    Arc::new(Scope {
        name: ScopeName::new(name),
        profile: None,
        region: "us-east-1".to_owned(),
        role: None,
        expected_account: None,
        account_name: None,
    })
}

fn queues(inventory: &Inventory, names: &[&str]) -> Answer {
    let queue = |name: &&str| Queue {
        arn: format!("arn:aws:sqs:us-east-1:1:{name}"),
        name: (*name).to_owned(),
        url: String::new(),
        visible: 0,
        in_flight: 0,
        delayed: 0,
        visibility_timeout_s: None,
        dead_letter: None,
    };
    Answer {
        key: SourceKey {
            scope: inventory.scopes[0].name().clone(),
            source: Source::Queues,
        },
        epoch: inventory.scopes[0].epoch,
        asked_at: at(1),
        at: at(2),
        result: Ok(Arc::new(Reply::whole(ReplyData::Queues(
            names.iter().map(queue).collect(),
        )))),
    }
}

fn known(inventory: &Inventory) -> Vec<&str> {
    let queues = inventory.scopes[0].queues.get();
    queues
        .into_iter()
        .flatten()
        .map(|queue| queue.name.as_str())
        .collect()
}

#[test]
fn another_selection_raises_the_epoch_and_drops_what_was_asked_before() {
    let mut inventory = Inventory::new([scope("a")]);
    let whole = queues(&inventory, &["shop-jobs", "other"]);
    inventory.apply(&whole);
    assert_eq!(known(&inventory), ["shop-jobs", "other"]);
    let selection = Arc::new(Selection {
        names: vec![Glob::new("shop-*")],
        ..Selection::default()
    });
    inventory.select(&selection);
    assert_eq!(inventory.scopes[0].epoch, 1);
    assert_eq!(known(&inventory), [] as [&str; 0]);
    assert_eq!(inventory.apply(&whole), Applied::Dropped);
    inventory.apply(&queues(&inventory, &["shop-jobs", "other"]));
    assert_eq!(known(&inventory), ["shop-jobs"]);
    // The same selection again changes nothing.
    inventory.select(&selection);
    assert_eq!(
        (inventory.scopes[0].epoch, known(&inventory)),
        (1, vec!["shop-jobs"])
    );
}

#[test]
fn what_the_cards_of_a_host_said_is_forgotten_once_it_does_not_run() {
    use crate::domain::rules::sample::{Bench, card, instance, reading};
    let mut bench = Bench::new();
    let asked = |id| reading(id, vec![card(0, 40.0, 0)]);
    bench.gpu_readings(vec![asked("i-1"), asked("i-2")]);
    let read = |bench: &mut Bench| -> Vec<String> {
        let readings = bench.state().gpu.get().into_iter().flatten();
        readings.map(|reading| reading.instance_id.clone()).collect()
    };
    assert_eq!(read(&mut bench), ["i-1", "i-2"]);
    let mut stopped = instance("i-1", "g5.xlarge");
    stopped.state = "stopped".to_owned();
    let both = vec![stopped, instance("i-2", "g5.xlarge")];
    bench.know(Source::Instances, ReplyData::Instances(both));
    assert_eq!(read(&mut bench), ["i-2"]);
}

/// Two regions of an account, neither of which says yet whose it is.
fn two_regions() -> Inventory {
    let region = |region: &str| {
        Arc::new(Scope {
            region: region.to_owned(),
            ..(*scope(region)).clone()
        })
    };
    Inventory::new([region("us-east-1"), region("ap-northeast-2")])
}

/// An answer to a scope, asked and answered at that second.
fn answer(inventory: &Inventory, index: usize, source: Source, data: ReplyData, second: i64) -> Answer {
    Answer {
        key: SourceKey {
            scope: inventory.scopes[index].name().clone(),
            source,
        },
        epoch: inventory.scopes[index].epoch,
        asked_at: at(second),
        at: at(second),
        result: Ok(Arc::new(Reply::whole(data))),
    }
}

fn identity(inventory: &Inventory, index: usize, second: i64) -> Answer {
    let identity = Identity {
        account: "123456789012".to_owned(),
        arn: "arn:aws:iam::123456789012:user/ops".to_owned(),
        credentials_expire_at: None,
        server_time: None,
    };
    answer(
        inventory,
        index,
        Source::Identity,
        ReplyData::Identity(identity),
        second,
    )
}

fn spending(inventory: &Inventory, index: usize, limit: f64, second: i64) -> Answer {
    let budget = Budget {
        name: "monthly".to_owned(),
        limit: Some(limit),
        unit: None,
        period: "MONTHLY".to_owned(),
        actual: None,
        forecast: None,
    };
    answer(
        inventory,
        index,
        Source::Budgets,
        ReplyData::Budgets(vec![budget]),
        second,
    )
}

/// The limits of the budgets that each scope holds.
fn limits(inventory: &Inventory) -> Vec<Vec<f64>> {
    let of = |state: &ScopeState| {
        let budgets = state.budgets.get().into_iter().flatten();
        budgets.filter_map(|budget| budget.limit).collect()
    };
    inventory.scopes.iter().map(of).collect()
}

#[test]
fn what_an_account_has_once_is_there_once_whoever_is_known_first() {
    let mut inventory = two_regions();
    // The second scope is known first: it leads, and reads what is the account's.
    inventory.apply(&identity(&inventory, 1, 1));
    inventory.apply(&spending(&inventory, 1, 100.0, 2));
    assert_eq!(limits(&inventory), [vec![], vec![100.0]]);
    inventory.apply(&identity(&inventory, 0, 3));
    assert_eq!(limits(&inventory), [vec![100.0], vec![]]);
    assert!(!inventory.scopes[1].standing(&Source::Budgets).is_settled());
    // What was still under way to the second one goes to the first one too, and never over what is newer.
    inventory.apply(&spending(&inventory, 1, 200.0, 4));
    assert_eq!(limits(&inventory), [vec![200.0], vec![]]);
    inventory.apply(&spending(&inventory, 0, 300.0, 6));
    inventory.apply(&spending(&inventory, 1, 250.0, 5));
    assert_eq!(limits(&inventory), [vec![300.0], vec![]]);
}

#[test]
fn scopes_of_other_accounts_keep_what_is_theirs() {
    let mut inventory = two_regions();
    let mut other = identity(&inventory, 1, 1);
    if let Ok(reply) = &mut other.result
        && let ReplyData::Identity(identity) = &mut Arc::make_mut(reply).data
    {
        identity.account = "999988887777".to_owned();
    }
    inventory.apply(&other);
    inventory.apply(&identity(&inventory, 0, 2));
    inventory.apply(&spending(&inventory, 0, 100.0, 3));
    inventory.apply(&spending(&inventory, 1, 200.0, 3));
    assert_eq!(limits(&inventory), [[100.0], [200.0]]);
}
