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
