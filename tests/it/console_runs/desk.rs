//! A console with runbooks, whose preparations an engine answers.

use std::sync::Arc;

use quarterdeck::app::effect::Effect;
use quarterdeck::app::geometry::Geometry;
use quarterdeck::app::msg::Msg;
use quarterdeck::app::overlay::Overlay;
use quarterdeck::app::runs::book::{Book, Place};
use quarterdeck::app::runs::confirm::Confirm;
use quarterdeck::app::runs::flow::{Flow, Stage as Step};
use quarterdeck::app::runs::form::{Answered, FieldAnswer, Form};
use quarterdeck::app::runs::offers::Offer;
use quarterdeck::app::runs::{Prepared, RunsEffect, RunsMsg};
use quarterdeck::app::state::WriteState;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::config::keys::{Chord, Key};
use quarterdeck::domain::policy::Policy;
use quarterdeck::domain::scope::ScopeName;
use quarterdeck::engine::run::{FieldState, Preparation, SiteFacts};
use quarterdeck::runbook::params::{Given, Resolved};
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::record::Who;
use quarterdeck::runbook::value::Value;
use quarterdeck::runbook::{File, NoLibrary, asks_of, catalogue, load};

use crate::screens::stage::Stage;

/// Everything is filled in from the service.
pub const AGAIN: &str = r"
apiVersion: quarterdeck/v1
kind: Runbook
name: again
title: Deploy what runs once more
params:
  cluster: {type: string, about: The cluster, from: {list: ecs-cluster}}
  service: {type: aws/ecs-service, about: The service, from: {list: ecs-service, where: {cluster: '${params.cluster}'}}}
offers:
  - {kind: ecs-service, set: {cluster: resource.cluster, service: resource}}
confirm: {level: ack}
steps:
  - id: again
    action: ecs.restart
    with: {cluster: '${params.cluster}', service: '${params.service}'}
    wait: {timeout: 30m}
";

/// The same, and other services are offered afterwards.
pub const AGAIN_AND_NEXT: &str = r"
apiVersion: quarterdeck/v1
kind: Runbook
name: again-and-next
title: Deploy what runs once more, then others
params:
  cluster: {type: string, about: The cluster, from: {list: ecs-cluster}}
  service: {type: aws/ecs-service, about: The service, from: {list: ecs-service, where: {cluster: '${params.cluster}'}}}
  tell: {type: bool, about: Whether others are offered, default: true}
offers:
  - {kind: ecs-service, set: {cluster: resource.cluster, service: resource}}
confirm: {level: ack}
steps:
  - id: again
    action: ecs.restart
    with: {cluster: '${params.cluster}', service: '${params.service}'}
    wait: {timeout: 30m}
afterwards:
  - runbook: again
    about: others may still know the old one
    when: params.tell
    kind: ecs-service
    set: {cluster: resource.cluster, service: resource}
";

/// How many tasks is for a person to decide.
pub const SCALE: &str = r"
apiVersion: quarterdeck/v1
kind: Runbook
name: scale
title: Set how many tasks run
params:
  cluster: {type: string, about: The cluster, from: {list: ecs-cluster}}
  service: {type: aws/ecs-service, about: The service, from: {list: ecs-service, where: {cluster: '${params.cluster}'}}}
  desired: {type: int, about: Tasks that are to run, min: 0, max: 100}
offers:
  - {kind: ecs-service, set: {cluster: resource.cluster, service: resource, desired: resource.desired}}
confirm: {level: ack}
steps:
  - id: scale
    action: ecs.scale
    with: {cluster: '${params.cluster}', service: '${params.service}', desired: '${params.desired}'}
    wait: {timeout: 30m}
";

/// Takes several groups at once, and asks for a name.
pub const NIGHT: &str = r"
apiVersion: quarterdeck/v1
kind: Runbook
name: night
title: Scale groups down
params:
  fleet: {type: list<aws/asg>, about: The groups, from: {list: asg}}
offers:
  - {kind: asg, set: {fleet: '[resource]'}}
confirm: {level: type_name}
steps:
  - id: down
    action: asg.set_capacity
    for_each: params.fleet
    with: {group: '${each}', min: 0, desired: 0}
    wait: {timeout: 20m}
";

/// A runbook from its text.
pub fn book(text: &str) -> Book {
    let file = File {
        key: "test".to_owned(),
        name: "test.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let runbook = load(&file, &NoLibrary, catalogue())
        .unwrap_or_else(|error| panic!("{error}"))
        .runbook;
    Book {
        name: runbook.name.value.clone(),
        place: Place::Shipped,
        is_hidden: false,
        asks: asks_of(&runbook, catalogue()),
        contents: Ok(runbook),
    }
}

/// A console on which changes are allowed.
pub struct Desk {
    pub stage: Stage,
}

impl Desk {
    /// An estate with these runbooks.
    pub fn new(world: World, scenario: Scenario, books: &[&str]) -> Self {
        let mut stage = Stage::one(world, scenario);
        stage.state.setup.write = WriteState::ReadWrite;
        stage.send(Msg::Drawn(Geometry {
            width: 80,
            height: 24,
            body: 21,
            body_width: 80,
        }));
        let books = books.iter().map(|text| book(text)).collect();
        stage.send(Msg::Runs(RunsMsg::Books(books)));
        stage.send(Msg::Runs(RunsMsg::Heads(Vec::new())));
        stage.effects.clear();
        Self { stage }
    }

    /// Types keys in their spelling.
    pub fn keys(&mut self, keys: &[&str]) -> &mut Self {
        self.stage.keys(keys);
        self
    }

    /// Types text.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.stage.send(Msg::Key(Chord::plain(Key::Char(character))));
        }
        self
    }

    /// A frame is drawn.
    pub fn draw(&mut self) -> &mut Self {
        let geometry = self.stage.state.geometry;
        self.stage.send(Msg::Drawn(geometry));
        self
    }

    /// Selects a row of a pane that holds this text.
    pub fn select(&mut self, pane: &str, text: &str) -> &mut Self {
        self.stage.keys(&[pane]);
        self.stage.filter(text);
        self.keys(&["home"])
    }

    /// The effects so far that concern runs; forgets them.
    pub fn take(&mut self) -> Vec<RunsEffect> {
        let effects = std::mem::take(&mut self.stage.effects);
        effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Runs(effect) => Some(*effect),
                _ => None,
            })
            .collect()
    }

    /// Answers what is asked, until nothing is; what is to be started or stopped is given back.
    pub fn serve(&mut self) -> Vec<RunsEffect> {
        let mut left = Vec::new();
        loop {
            let effects = self.take();
            if effects.is_empty() {
                return left;
            }
            for effect in effects {
                match effect {
                    RunsEffect::Resolve {
                        ticket,
                        scope,
                        book,
                        given,
                        ..
                    } => {
                        let answered = Box::new(self.resolve(&scope, &book, given));
                        self.stage.send(Msg::Runs(RunsMsg::Resolved { ticket, answered }));
                    }
                    RunsEffect::Plan {
                        ticket,
                        scope,
                        book,
                        resolved,
                    } => {
                        let result = self.plan(&scope, &book, &resolved);
                        self.stage.send(Msg::Runs(RunsMsg::Planned {
                            ticket,
                            result: result.map(Box::new),
                        }));
                    }
                    other => left.push(other),
                }
            }
        }
    }

    fn preparation(&self, scope: &ScopeName, book: &Book) -> Preparation {
        let engine = self.stage.engine();
        let scope = self.stage.scope(scope);
        let identity = self
            .stage
            .block_on(engine.identify(&scope))
            .expect("the demo knows");
        let site = SiteFacts {
            identity,
            estate: Some("practice".to_owned()),
            policy: Arc::new(Policy::default()),
            selection: Arc::default(),
            scope,
        };
        let runbook = book.runbook().expect("it can be used").clone();
        engine.prepare(site, runbook)
    }

    fn resolve(&self, scope: &ScopeName, book: &Book, given: Given) -> Answered {
        let mut preparation = self.preparation(scope, book);
        let resolution = self.stage.block_on(preparation.resolve(given));
        let answer = |field: FieldState| FieldAnswer {
            param: field.param,
            candidates: field.candidates,
            value: field.value,
            layer: field.layer,
            problem: field.problem,
        };
        Answered {
            fields: resolution.fields.into_iter().map(answer).collect(),
            result: resolution.result,
        }
    }

    fn plan(&self, scope: &ScopeName, book: &Book, resolved: &Resolved) -> Result<Prepared, Vec<String>> {
        let preparation = self.preparation(scope, book);
        let planned = self.stage.block_on(preparation.plan(resolved, (&who(), None)));
        planned
            .map(|prepared| Prepared {
                plan: Arc::new(always_the_same(prepared.plan)),
                cautions: Vec::new(),
            })
            .map_err(|refused| refused.reasons)
    }

    /// What is being prepared.
    pub fn front(&self) -> &Step {
        self.stage
            .state
            .runs
            .flow
            .as_ref()
            .and_then(Flow::front)
            .expect("something is being prepared")
    }

    /// The runbooks that are offered.
    pub fn offers(&self) -> &[Offer] {
        match self.front() {
            Step::Choose { offers, .. } => offers,
            other => panic!("{other:?}"),
        }
    }

    /// The form in front.
    pub fn form(&self) -> &Form {
        match self.front() {
            Step::Form(form) => form,
            other => panic!("{other:?}"),
        }
    }

    /// The plan in front.
    pub fn shown_plan(&self) -> Arc<Plan> {
        match self.front() {
            Step::Plan(planning) => planning.plan().expect("it is made").clone(),
            other => panic!("{other:?}"),
        }
    }

    /// The box in which a word is typed, if it is open.
    pub fn confirm(&self) -> Option<&Confirm> {
        match &self.stage.state.overlay {
            Some(Overlay::Confirm(confirm)) => Some(confirm),
            _ => None,
        }
    }

    /// What is said at the bottom.
    pub fn said(&self) -> String {
        self.stage
            .state
            .notices
            .back()
            .map_or_else(String::new, |notice| notice.text.clone())
    }
}

/// Who runs things here.
pub fn who() -> Who {
    Who {
        user: "jiwon".to_owned(),
        host: "bastion".to_owned(),
        pid: 7,
        arn: "arn:aws:sts::123456789012:assumed-role/oncall/jiwon".to_owned(),
        origin: "console".to_owned(),
        version: "0".to_owned(),
    }
}

/// The plan with a name for its run that is not left to chance.
fn always_the_same(mut plan: Plan) -> Plan {
    if let Some(Value::Map(run)) = plan.names.get_mut("run") {
        run.insert("id".to_owned(), Value::text("r-20261121-020000-test"));
    }
    plan.sealed().expect("it can be written")
}
