//! The demo as the rest of the program sees it: through the port.

mod stage;

use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::ops::{self, Query};
use stage::Stage;

#[test]
fn explore() {
    for world in World::ALL {
        let stage = Stage::open(world, Scenario::Everyday);
        println!("=== {world}");
        for query in stage::everything(&stage) {
            let started = std::time::Instant::now();
            let reply = stage.read(&query);
            let text = serde_json::to_string(&reply).unwrap();
            println!("{:?} {} bytes {:?}", query.operations()[0].to_string(), text.len(), started.elapsed());
            println!("{}", text.chars().take(1200).collect::<String>());
        }
    }
    let _ = Query::Sqs(ops::sqs::Read::Queues);
}
