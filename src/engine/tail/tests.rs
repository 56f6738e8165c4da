use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use jiff::Timestamp;
use pretty_assertions::assert_eq;

use super::*;
use crate::cloud::BoxFuture;
use crate::domain::logs::LogEvent;
use crate::domain::ops::logs::Read;
use crate::domain::ops::{Mutation, Receipt, Reply, Token};
use crate::domain::scope::{Scope, ScopeName};
use crate::engine::clock::ManualClock;

/// Where every story begins, seconds since 1970.
const START: i64 = 1_800_000_000;

/// A cloud that has these events, each from the moment of its ingestion on.
struct World {
    clock: ManualClock,
    events: BTreeMap<&'static str, Vec<LogEvent>>,
    page: usize,
    pages: Pages,
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    asked: Mutex<Vec<(Timestamp, String)>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Pages {
    Full,
    /// Before each page with events there is one without.
    EmptyBetween,
}

impl World {
    fn new(clock: &ManualClock) -> Self {
        Self {
            clock: clock.clone(),
            events: BTreeMap::new(),
            page: 10_000,
            pages: Pages::Full,
            faults: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    fn event(&mut self, group: &'static str, at_s: f64, lag_s: f64) {
        let events = self.events.entry(group).or_default();
        let at_ms = START * 1_000 + (at_s * 1_000.0) as i64;
        events.push(LogEvent {
            id: format!("{group}{:050}", events.len()),
            stream: "s".to_owned(),
            at_ms,
            ingested_ms: at_ms + (lag_s * 1_000.0) as i64,
            message: format!("{group} {at_s}"),
        });
    }

    fn ids(&self, groups: &[&str]) -> Vec<String> {
        let mut ids: Vec<String> = groups
            .iter()
            .flat_map(|group| self.events.get(group).into_iter().flatten())
            .map(|event| event.id.clone())
            .collect();
        ids.sort();
        ids
    }

    fn answer(&self, read: &Read) -> Result<LogPage, Fault> {
        let Read::Events {
            group,
            from_ms,
            token,
            ..
        } = read
        else {
            panic!("a tail asks for events alone");
        };
        let now = self.clock.now();
        self.asked.lock().unwrap().push((now, group.clone()));
        let mut faults = self.faults.lock().unwrap();
        if faults.front().is_some_and(|(of, _)| of == group) {
            return Err(faults.pop_front().unwrap().1);
        }
        // A token is the time up to which events count, how many were given, and whether the next
        // page is an empty one.
        let (until, given, blank) = match token {
            None => (now.as_millisecond(), 0, self.pages == Pages::EmptyBetween),
            Some(token) => {
                let parts: Vec<i64> = token.split('/').map(|part| part.parse().unwrap()).collect();
                (parts[0], parts[1] as usize, parts[2] == 1)
            }
        };
        if blank {
            return Ok(LogPage {
                events: Vec::new(),
                next: Some(format!("{until}/{given}/0")),
            });
        }
        let mut events: Vec<LogEvent> = self
            .events
            .get(group.as_str())
            .into_iter()
            .flatten()
            .filter(|event| event.at_ms >= *from_ms && event.ingested_ms <= until)
            .cloned()
            .collect();
        events.sort_by_key(|event| event.at_ms);
        let rest = events.split_off(given.min(events.len()));
        let blank = i64::from(self.pages == Pages::EmptyBetween);
        let next = (rest.len() > self.page).then(|| format!("{until}/{}/{blank}", given + self.page));
        Ok(LogPage {
            events: rest.into_iter().take(self.page).collect(),
            next,
        })
    }
}

impl Cloud for World {
    fn read<'a>(&'a self, _: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        let Query::Logs(read) = query else {
            panic!("a tail asks for logs alone");
        };
        let answer = self
            .answer(read)
            .map(|page| Reply::whole(ReplyData::LogPage(page)));
        Box::pin(std::future::ready(answer))
    }

    fn write<'a>(
        &'a self,
        _: &'a Scope,
        _: &'a Mutation,
        _: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        panic!("a tail writes nothing")
    }

    fn supply_mfa_code(&self, _: &Scope, _: &str) {}

    fn forget(&self, _: &Scope) {}
}

/// A tail that runs, and what it said so far.
struct Story {
    clock: ManualClock,
    world: Arc<World>,
    updates: mpsc::Receiver<Update>,
    attention: watch::Sender<Attention>,
    lines: Vec<TailLine>,
    states: Vec<(usize, TailState)>,
    lost: u64,
    ended: bool,
}

fn request(groups: &[&str], ending: Ending) -> Request {
    let scope = Arc::new(Scope {
        name: ScopeName::new("p/eu-west-1"),
        profile: None,
        region: "eu-west-1".to_owned(),
        role: None,
        expected_account: None,
        account_name: None,
    });
    Request {
        targets: groups
            .iter()
            .map(|group| TailTarget {
                scope: scope.clone(),
                group: (*group).to_owned(),
                class: None,
                stream: None,
            })
            .collect(),
        from: Timestamp::from_second(START - 600).unwrap(),
        pattern: None,
        cadence: super::CADENCE,
        ending,
        full: WhenFull::Wait,
    }
}

impl Story {
    fn begin(clock: &ManualClock, world: World, request: Request, room: usize) -> Self {
        let world = Arc::new(world);
        let (out, updates) = mpsc::channel(room);
        let (attention, attended) = watch::channel(Attention::Shown);
        tokio::spawn(run(
            world.clone(),
            Arc::new(clock.clone()),
            request,
            (out, attended),
        ));
        Self {
            clock: clock.clone(),
            world,
            updates,
            attention,
            lines: Vec::new(),
            states: Vec::new(),
            lost: 0,
            ended: false,
        }
    }

    /// Lets everything happen that can without time passing.
    async fn settle(&mut self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
            self.hear();
        }
    }

    fn hear(&mut self) {
        loop {
            match self.updates.try_recv() {
                Ok(Update::Lines { lines, lost }) => {
                    self.lines.extend(lines);
                    self.lost += lost;
                }
                Ok(Update::State { group, state }) => self.states.push((group, state)),
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    self.ended = true;
                    return;
                }
            }
        }
    }

    async fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds * 5 {
            self.clock.advance(SignedDuration::from_millis(200));
            for _ in 0..8 {
                tokio::task::yield_now().await;
                self.hear();
            }
        }
        self.settle().await;
    }

    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.lines.iter().map(|line| line.event.id.clone()).collect();
        ids.sort();
        ids
    }

    fn times(&self) -> Vec<i64> {
        self.lines.iter().map(|line| line.event.at_ms).collect()
    }

    fn asked(&self) -> Vec<(Timestamp, String)> {
        self.world.asked.lock().unwrap().clone()
    }
}

fn clock() -> ManualClock {
    ManualClock::new(Timestamp::from_second(START).unwrap())
}

#[tokio::test]
async fn late_events_come_once_and_none_is_lost() {
    let clock = clock();
    let mut world = World::new(&clock);
    let mut seed = 7_u64;
    for nth in 0..1_500 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let luck = (seed >> 33) as f64 / f64::from(u32::MAX >> 1);
        // Most come within seconds, some only after more than a minute.
        let lag = if luck < 0.1 {
            20.0 + luck * 600.0
        } else {
            luck * 6.0
        };
        world.event("a", -500.0 + f64::from(nth) * 0.5, lag);
    }
    let expected = world.ids(&["a"]);
    let mut story = Story::begin(&clock, world, request(&["a"], Ending::Follow), 1_024);
    story.pass(400).await;
    assert_eq!(story.ids(), expected);
}

#[tokio::test]
async fn a_clock_that_is_ahead_hides_no_other_event() {
    let clock = clock();
    let mut world = World::new(&clock);
    world.event("a", 7_000.0, -6_999.0);
    for nth in 0..60 {
        world.event("a", f64::from(nth), 2.0);
    }
    let expected = world.ids(&["a"]);
    let mut story = Story::begin(&clock, world, request(&["a"], Ending::Follow), 1_024);
    story.pass(80).await;
    assert_eq!(story.ids(), expected);
}

#[tokio::test]
async fn empty_pages_with_a_token_are_followed_to_the_end() {
    let clock = clock();
    let mut world = World::new(&clock);
    for nth in 0..50 {
        world.event("a", -100.0 + f64::from(nth), 0.1);
    }
    (world.page, world.pages) = (3, Pages::EmptyBetween);
    let expected = world.ids(&["a"]);
    let ending = Ending::AfterPast { attempts: 3 };
    let mut story = Story::begin(&clock, world, request(&["a"], ending), 1_024);
    story.pass(60).await;
    assert_eq!(story.ids(), expected);
    assert!(story.times().is_sorted());
    assert!(story.ended, "it ends when everything has been read");
}

#[tokio::test]
async fn the_past_of_several_groups_comes_merged_in_time_order() {
    let clock = clock();
    let mut world = World::new(&clock);
    for nth in 0..300 {
        world.event("many", -400.0 + f64::from(nth), 0.1);
        if nth % 50 == 0 {
            world.event("few", -399.5 + f64::from(nth), 0.1);
        }
    }
    world.page = 20;
    let expected = world.ids(&["few", "many"]);
    let ending = Ending::AfterPast { attempts: 3 };
    let mut story = Story::begin(&clock, world, request(&["many", "few", "none"], ending), 1_024);
    story.pass(60).await;
    assert_eq!(story.ids(), expected);
    assert!(story.times().is_sorted());
    assert!(story.ended);
}

#[tokio::test]
async fn throttling_is_said_and_waited_out_and_loses_nothing() {
    let clock = clock();
    let mut world = World::new(&clock);
    for nth in 0..100 {
        world.event("a", f64::from(nth), 1.0);
        world.event("b", f64::from(nth), 1.0);
    }
    let throttled = Fault::new(FaultKind::Throttled, "logs", "FilterLogEvents", "Rate exceeded");
    world.faults = Mutex::new(VecDeque::from([("a", throttled.clone()), ("a", throttled)]));
    let expected = world.ids(&["a", "b"]);
    let mut story = Story::begin(&clock, world, request(&["a", "b"], Ending::Follow), 1_024);
    story.pass(120).await;
    assert_eq!(story.ids(), expected);
    let waits: Vec<Timestamp> = story
        .states
        .iter()
        .filter_map(|(group, state)| match state {
            TailState::Failing { again, .. } if *group == 0 => Some(*again),
            _ => None,
        })
        .collect();
    assert_eq!(waits.len(), 2);
    let asked: Vec<Timestamp> = story
        .asked()
        .into_iter()
        .filter(|(_, group)| group == "a")
        .map(|(at, _)| at)
        .collect();
    assert!(
        asked[1] >= waits[0] && asked[2] >= waits[1],
        "{asked:?} {waits:?}"
    );
    assert!(
        waits[1].duration_since(asked[1]) > waits[0].duration_since(asked[0]),
        "longer each time"
    );
}

#[tokio::test]
async fn a_group_that_stays_denied_does_not_hold_the_others_back() {
    let clock = clock();
    let mut world = World::new(&clock);
    world.event("b", -10.0, 1.0);
    let denied = Fault::new(FaultKind::AccessDenied, "logs", "FilterLogEvents", "no");
    world.faults = Mutex::new(VecDeque::from([("a", denied)]));
    let ending = Ending::AfterPast { attempts: 3 };
    let mut story = Story::begin(&clock, world, request(&["a", "b"], ending), 1_024);
    story.pass(20).await;
    assert_eq!(story.lines.len(), 1);
    assert!(story.ended);
    let denied = |(group, state): &(usize, TailState)| {
        *group == 0 && matches!(state, TailState::Failing { fault, .. } if fault.is_credential())
    };
    assert!(story.states.iter().any(denied), "{:?}", story.states);
}

#[tokio::test]
async fn groups_of_infrequent_access_are_refused_without_a_question() {
    let clock = clock();
    let mut request = request(&["a"], Ending::Follow);
    request.targets[0].class = Some("INFREQUENT_ACCESS".to_owned());
    let mut story = Story::begin(&clock, World::new(&clock), request, 1_024);
    story.pass(20).await;
    assert!(matches!(&story.states[..], [(0, TailState::Refused(why))] if why.contains("Insights")));
    assert_eq!(story.asked(), []);
}

#[tokio::test]
async fn what_a_screen_does_not_take_is_dropped_and_counted() {
    let clock = clock();
    let mut world = World::new(&clock);
    for nth in 0..5_000 {
        world.event("a", -500.0 + f64::from(nth) * 0.05, 0.1);
    }
    for nth in 0..10 {
        world.event("a", 10.0 + f64::from(nth), 0.1);
    }
    let mut request = request(&["a"], Ending::Follow);
    request.full = WhenFull::Drop;
    // The state and a few batches fit; nobody takes the rest of the first page.
    let mut story = Story::begin(&clock, world, request, 4);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    story.pass(60).await;
    assert!(story.lost >= 2_000, "{} lost", story.lost);
    assert_eq!(
        story.lines.len() as u64 + story.lost,
        5_010,
        "each line is either there or counted"
    );
}

#[tokio::test]
async fn questions_stay_within_the_rate_and_hidden_tails_ask_less() {
    let clock = clock();
    let groups = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut story = Story::begin(
        &clock,
        World::new(&clock),
        request(&groups, Ending::Follow),
        1_024,
    );
    story.pass(60).await;
    let asked = story.asked();
    assert!(
        (60..=100).contains(&asked.len()),
        "{} questions a minute",
        asked.len()
    );
    for group in groups {
        let turns = asked.iter().filter(|(_, of)| of == group).count();
        assert!((8..=16).contains(&turns), "{group} had {turns}");
    }
    story.attention.send_replace(Attention::Hidden);
    story.pass(60).await;
    let hidden = story.asked().len() - asked.len();
    assert!(hidden <= asked.len() * 3 / 5, "{hidden} while hidden");
}

#[tokio::test]
async fn a_token_that_has_ended_begins_the_pass_anew_and_repeats_nothing() {
    let clock = clock();
    let mut world = World::new(&clock);
    for nth in 0..9 {
        world.event("a", -100.0 + f64::from(nth), 0.1);
    }
    world.page = 3;
    let expected = world.ids(&["a"]);
    let mut story = Story::begin(&clock, world, request(&["a"], Ending::Follow), 1_024);
    story.settle().await;
    assert_eq!(story.lines.len(), 3);
    let invalid = Fault::new(
        FaultKind::Invalid,
        "logs",
        "FilterLogEvents",
        "The specified nextToken is invalid.",
    );
    story.world.faults.lock().unwrap().push_back(("a", invalid));
    story.pass(20).await;
    assert_eq!(story.ids(), expected);
}
