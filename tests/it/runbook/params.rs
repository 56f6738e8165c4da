//! Parameters: who wins, what is refused, and that names become resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use pretty_assertions::assert_eq;
use quarterdeck::domain::ids::Kind;
use quarterdeck::runbook::action::ErrorClass;
use quarterdeck::runbook::expr::Names;
use quarterdeck::runbook::model::{Runbook, Source};
use quarterdeck::runbook::params::{Gap, Given, Layer, Listing, Resolved, Resolver, Sources, Unresolved};
use quarterdeck::runbook::value::{Resource, SecretRef, Value};
use quarterdeck::runbook::{File, NoLibrary, load};

use super::catalogue::catalogue;

const RUNBOOK: &str = r#"
apiVersion: quarterdeck/v1
kind: Runbook
name: scale
title: Scale
params:
  service: {type: aws/ecs-service, from: {list: ecs-service, where: {cluster: "${params.cluster}"}}}
  cluster: {type: string, from: {list: ecs-cluster}}
  desired: {type: int, min: 0, max: 10}
  to: {type: string, default: last-good, enum: [last-good], from: {list: task-definition, where: {service: "${params.service.name}"}}}
  fleet: {type: list<aws/asg>, from: {list: asg}, default: all, max_items: 3}
  reason: {type: string, pattern: '.{3,}', default: "scale ${params.service.name} to ${params.desired}"}
  wait: {type: duration, default: 10m, max: 1h}
  tags: {type: map<string>, optional: true}
  ratio: {type: number, default: 1}
  names: {type: list<string>, default: []}
  force: {type: bool, default: false}
  token: {type: secret, from: {ssm: /ops/token}}
  password: {type: secret, optional: true}
steps:
  - action: notify.sns
    with: {topic: a, text: "${params.reason} ${params.to} ${params.wait} ${params.ratio} ${params.force} ${len(params.names)} ${len(params.fleet)} ${len(params.tags ?? params.tags2)}"}
  - {id: b, action: notify.webhook, with: {url: "${params.token}", text: x}}
  - {id: c, action: notify.webhook, when: params.password != null, with: {url: "${params.token}", text: x}}
verify:
  - {check: http.health, with: {url: x}}
"#;

fn runbook() -> Arc<Runbook> {
    let text = RUNBOOK
        .replace(" ${len(params.tags ?? params.tags2)}", " ${params.tags == null}")
        .replace(", when: params.password != null", "")
        .replace("text: x}}\nverify", "text: \"${params.names[0]}\"}}\nverify");
    let file = File {
        key: "x".to_owned(),
        name: "x.yaml".to_owned(),
        bytes: text.into_bytes(),
    };
    load(&file, &NoLibrary, catalogue())
        .unwrap_or_else(|error| panic!("{error}"))
        .runbook
}

fn resource(kind: Kind, id: &str, name: &str) -> Value {
    Value::Resource(Arc::new(Resource {
        kind,
        id: id.to_owned(),
        name: name.to_owned(),
        facts: BTreeMap::new(),
    }))
}

/// What is there.
fn live(listing: &Listing) -> Vec<Value> {
    match listing.source {
        Source::EcsCluster => vec!["shop".into(), "blog".into()],
        Source::EcsService if listing.filters["cluster"] == Value::text("shop") => vec![
            resource(Kind::EcsService, "arn:api", "api"),
            resource(Kind::EcsService, "arn:web", "web"),
        ],
        Source::EcsService => Vec::new(),
        Source::TaskDefinition => {
            let service = listing.filters["service"].as_text().unwrap();
            vec![format!("{service}:7").into(), format!("{service}:6").into()]
        }
        Source::Asg => vec![
            resource(Kind::Asg, "arn:1", "twin"),
            resource(Kind::Asg, "arn:2", "twin"),
            resource(Kind::Asg, "arn:3", "alone"),
        ],
        other => panic!("{other} was not expected"),
    }
}

fn resolve(runbook: &Runbook, given: Given) -> Result<Resolved, Unresolved> {
    let context = Names::new().with("region", "us-east-1");
    let mut resolver = Resolver::new(runbook, given, &context);
    while let Some(listing) = resolver.next_listing() {
        resolver.listed(live(&listing));
    }
    resolver.finish()
}

fn pairs(set: &[&str]) -> Vec<(String, String)> {
    set.iter()
        .map(|pair| pair.split_once('=').expect("a pair"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn from_set(set: &[&str]) -> Result<Resolved, String> {
    let runbook = runbook();
    let set = pairs(set);
    let sources = Sources {
        set: &set,
        ..Sources::default()
    };
    let given = Given::read(&runbook, sources).map_err(|error| error.to_string())?;
    resolve(&runbook, given).map_err(|unresolved| {
        let lines: Vec<String> = unresolved.problems.iter().map(ToString::to_string).collect();
        format!("missing {:?}\n{}", unresolved.missing, lines.join("\n"))
    })
}

const LEAST: [&str; 3] = ["cluster=shop", "service=api", "desired=3"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let given = |pair: &&str| {
        !more
            .iter()
            .any(|other| other.split('=').next() == pair.split('=').next())
    };
    LEAST
        .into_iter()
        .filter(|pair| given(pair))
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn values_have_their_types_and_defaults_follow_them() {
    let resolved = from_set(&LEAST).unwrap();
    let shown: BTreeMap<&str, String> = resolved
        .values
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_string()))
        .collect();
    let expected = [
        ("cluster", "shop"),
        ("desired", "3"),
        ("fleet", "twin, twin, alone"),
        ("force", "false"),
        ("names", ""),
        ("password", "null"),
        ("ratio", "1"),
        ("reason", "scale api to 3"),
        ("service", "api"),
        ("tags", "null"),
        ("to", "last-good"),
        ("token", "secret(ssm /ops/token)"),
        ("wait", "10m"),
    ];
    assert_eq!(
        shown,
        expected
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect()
    );
    assert_eq!(resolved.values["service"].as_resource().unwrap().id, "arn:api");
    assert_eq!(
        resolved.values["token"],
        Value::Secret(SecretRef::Ssm("/ops/token".to_owned()))
    );
    assert_eq!(resolved.layers["desired"], Layer::Set);
    assert_eq!(resolved.layers["fleet"], Layer::Found);
    assert_eq!(resolved.layers["reason"], Layer::Default);
}

#[test]
fn text_is_read_as_the_type_wants_it() {
    for (pair, shown) in [
        ("wait=90s", "1m30s"),
        ("ratio=0.5", "0.5"),
        ("force=true", "true"),
        ("names=a,b", "a, b"),
        ("names=", ""),
        ("tags=a=1,b=2", "{a: 1, b: 2}"),
        ("to=api:6", "api:6"),
        ("fleet=alone", "alone"),
        ("fleet=arn:1,arn:2", "twin, twin"),
        // Data, whatever it looks like.
        ("reason=${params.desired}", "${params.desired}"),
        ("reason={{ x }}", "{{ x }}"),
        ("reason=$(rm -rf /); rm x", "$(rm -rf /); rm x"),
    ] {
        let (name, _) = pair.split_once('=').unwrap();
        let resolved = from_set(&with(&[pair])).unwrap_or_else(|error| panic!("{pair}: {error}"));
        assert_eq!(resolved.values[name].to_string(), shown, "{pair}");
    }
    let repeated = from_set(&with(&["names=a", "names=b,c"])).unwrap();
    assert_eq!(repeated.values["names"].to_string(), "a, b, c");
}

#[test]
fn what_cannot_be_used_is_refused_with_a_way_out() {
    for (pair, message) in [
        (
            "desired=11",
            "parameter `desired` (--set): 11 is not allowed, at most 10",
        ),
        (
            "desired=x",
            "parameter `desired` (--set): `x` is not a whole number",
        ),
        (
            "desired=012",
            "parameter `desired` (--set): `012` begins with 0: leave it out, so that nobody takes it for octal",
        ),
        (
            "ratio=-01.5",
            "parameter `ratio` (--set): `-01.5` begins with 0: leave it out, so that nobody takes it for octal",
        ),
        (
            "desired=",
            "parameter `desired` (--set): `` is not a whole number",
        ),
        (
            "wait=2h",
            "parameter `wait` (--set): 2h is not allowed, at most 1h",
        ),
        (
            "wait=10",
            "parameter `wait` (--set): \"10\" lacks a unit; write 10s, 10m, 10h or 10d",
        ),
        (
            "force=yes",
            "parameter `force` (--set): `yes` is neither `true` nor `false`",
        ),
        ("ratio=inf", "parameter `ratio` (--set): `inf` is not a number"),
        ("reason=", "parameter `reason` (--set): `` does not match `.{3,}`"),
        (
            "reason=a\nb",
            "parameter `reason` (--set): `a\u{fffd}b` does not match `.{3,}`",
        ),
        (
            "sevice=api",
            "parameter `sevice` (--set): `scale` has no such parameter; did you mean `service`?",
        ),
        (
            "service=apo",
            "parameter `service` (--set): there is no `apo`; did you mean `api`?",
        ),
        (
            "cluster=zzz",
            "parameter `cluster` (--set): there is no `zzz`; there is `shop`, `blog`",
        ),
        (
            "cluster=blog",
            "parameter `service` (--set): there is no `api`: nothing was found to choose from",
        ),
        (
            "to=last-god",
            "parameter `to` (--set): there is no `last-god`; there is `api:7`, `api:6`",
        ),
        (
            "fleet=twin",
            "parameter `fleet` (--set): `twin` is the name of several: give the id, one of `arn:1`, `arn:2`",
        ),
        (
            "fleet=alone,arn:3",
            "parameter `fleet` (--set): `alone` is given twice",
        ),
        ("tags=a", "parameter `tags` (--set): `a` is not `key=value`"),
        (
            "tags=a=1,a=2",
            "parameter `tags` (--set): the key `a` is given twice",
        ),
    ] {
        let error = from_set(&with(&[pair])).expect_err(pair);
        assert!(error.contains(message), "{pair}: {error}");
    }
    let error = from_set(&with(&["desired=1", "desired=2"])).unwrap_err();
    assert!(
        error.contains("parameter `desired` (--set): it is given twice"),
        "{error}"
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let error = from_set(&["desired=x", "wait=soon", "sevice=api", "force=1"]).unwrap_err();
    assert_eq!(error.lines().count(), 4, "{error}");
    let error = from_set(&["cluster=shop", "service=apo", "wait=2h", "fleet=nope"]).unwrap_err();
    assert!(error.starts_with("missing [\"desired\"]"), "{error}");
    assert_eq!(error.lines().count(), 4, "{error}");
}

#[test]
fn what_is_missing_is_told_apart_from_what_is_wrong() {
    let error = from_set(&["cluster=shop", "service=api"]).unwrap_err();
    assert_eq!(error, "missing [\"desired\"]\n");
    let error = from_set(&["desired=3"]).unwrap_err();
    assert_eq!(error, "missing [\"cluster\", \"service\"]\n");
}

#[test]
fn the_command_line_wins_over_the_file_over_the_environment_over_the_default() {
    let runbook = runbook();
    let environment: BTreeMap<String, String> = [
        ("QD_PARAM_DESIRED", "1"),
        ("QD_PARAM_WAIT", "1m"),
        ("QD_PARAM_FORCE", "true"),
        ("QD_PARAM_PASSWORD", "hunter2"),
        ("QD_PARAM_UNHEARD_OF", "1"),
        ("DESIRED", "9"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    let file = b"desired: 2\nwait: 2m\nnames: [a, b]\ncluster: shop\nservice: api\nforce:\n";
    let set = pairs(&["desired=3"]);
    let sources = Sources {
        set: &set,
        file: Some(("p.yaml", file)),
        environment: Some(&environment),
    };
    let resolved = resolve(&runbook, Given::read(&runbook, sources).unwrap()).unwrap();
    let of = |name: &str| (resolved.values[name].to_string(), resolved.layers[name]);
    assert_eq!(of("desired"), ("3".to_owned(), Layer::Set));
    assert_eq!(of("wait"), ("2m".to_owned(), Layer::File));
    assert_eq!(of("force"), ("true".to_owned(), Layer::Environment));
    assert_eq!(of("names"), ("a, b".to_owned(), Layer::File));
    assert_eq!(of("ratio"), ("1".to_owned(), Layer::Default));
    assert_eq!(
        of("password"),
        ("secret(env QD_PARAM_PASSWORD)".to_owned(), Layer::Environment)
    );
    assert!(!format!("{resolved:?}").contains("hunter2"));
}

#[test]
fn a_file_of_parameters_is_checked_like_any_other() {
    let runbook = runbook();
    let text = b"desird: 2\nwait: 90\nnames: a\nforce: \"yes\"\ntoken: hunter2\nwait: 3m\n";
    let sources = Sources {
        file: Some(("p.yaml", text)),
        ..Sources::default()
    };
    let error = Given::read(&runbook, sources).unwrap_err().to_string();
    for message in [
        "p.yaml:1:1: error: `scale` has no parameter `desird`",
        "did you mean `desired`?",
        "p.yaml:2:7: error: a duration such as `90s` or `2h30m` is wanted, found `90`",
        "p.yaml:3:8: error: a list, each item text is wanted, found the text `a`",
        "p.yaml:4:8: error: true or false is wanted, found the text `yes`",
        "p.yaml:5:1: error: a secret is never kept in a file of parameters",
        "p.yaml:6:1: error: the key `wait` is given twice",
    ] {
        assert!(error.contains(message), "{message}\n{error}");
    }
    let zero = Sources {
        file: Some(("p.yaml", b"desired: 012\n")),
        ..Sources::default()
    };
    let error = Given::read(&runbook, zero).unwrap_err().to_string();
    assert!(
        error.contains("p.yaml:1:10: error: a whole number is wanted, found `012`: leave the 0 in front out"),
        "{error}"
    );
    let list = Sources {
        file: Some(("p.yaml", b"- a\n")),
        ..Sources::default()
    };
    assert!(
        Given::read(&runbook, list)
            .unwrap_err()
            .to_string()
            .contains("parameters are a mapping")
    );
}

#[test]
fn a_secret_is_refused_on_the_command_line_and_never_repeated() {
    let error = from_set(&with(&["token=hunter2"])).unwrap_err();
    assert!(
        error.contains("a secret is never given on the command line"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn what_is_asked_for_wins_and_a_secret_stays_outside() {
    let runbook = runbook();
    let set = pairs(&LEAST);
    let mut given = Given::read(
        &runbook,
        Sources {
            set: &set,
            ..Sources::default()
        },
    )
    .unwrap();
    given.asked(runbook.param("desired").unwrap(), "5").unwrap();
    given
        .asked(runbook.param("password").unwrap(), "hunter2")
        .unwrap();
    assert!(given.asked(runbook.param("wait").unwrap(), "soon").is_err());
    let resolved = resolve(&runbook, given).unwrap();
    assert_eq!(resolved.values["desired"], Value::Int(5));
    assert_eq!(
        resolved.values["password"],
        Value::Secret(SecretRef::Asked("password".to_owned()))
    );
    assert!(!format!("{resolved:?}").contains("hunter2"));
}

#[test]
fn what_could_not_be_listed_has_no_value() {
    let runbook = runbook();
    let set = pairs(&LEAST);
    let given = Given::read(
        &runbook,
        Sources {
            set: &set,
            ..Sources::default()
        },
    )
    .unwrap();
    let context = Names::new();
    let mut resolver = Resolver::new(&runbook, given, &context);
    let mut asked = Vec::new();
    while let Some(listing) = resolver.next_listing() {
        asked.push(listing.param.clone());
        resolver.not_listed(Some(ErrorClass::Denied), "AccessDenied");
    }
    let failed = resolver.finish().unwrap_err();
    // What depends on the cluster is not even asked for, and is not reported again.
    assert_eq!(asked, ["cluster", "fleet"]);
    assert_eq!(failed.missing, Vec::<String>::new());
    // What was given is not to blame.
    assert_eq!(failed.problems, []);
    let said: Vec<String> = failed.unlisted.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "parameter `cluster`: what there is could not be listed: AccessDenied",
            "parameter `fleet`: what there is could not be listed: AccessDenied",
        ]
    );
    assert!(
        failed
            .unlisted
            .iter()
            .all(|unlisted| unlisted.class == Some(ErrorClass::Denied))
    );
}

/// The values, or what is wrong and what is not known, where only a part of the groups could be listed.
fn in_part(set: &[&str]) -> Result<Resolved, Unresolved> {
    let runbook = runbook();
    let set = pairs(set);
    let sources = Sources {
        set: &set,
        ..Sources::default()
    };
    let given = Given::read(&runbook, sources).unwrap();
    let context = Names::new();
    let mut resolver = Resolver::new(&runbook, given, &context);
    let gap = Gap {
        class: Some(ErrorClass::Denied),
        why: "AccessDenied".to_owned(),
    };
    while let Some(listing) = resolver.next_listing() {
        let found = live(&listing);
        match listing.source {
            Source::Asg | Source::TaskDefinition => resolver.listed_in_part(found, &gap),
            _ => resolver.listed(found),
        }
    }
    resolver.finish()
}

#[test]
fn of_a_listing_with_a_gap_what_was_read_is_taken_and_what_was_not_is_not_called_absent() {
    let resolved = in_part(&with(&["fleet=alone", "to=api:6"])).unwrap();
    assert_eq!(resolved.values["fleet"].to_string(), "alone");
    assert_eq!(
        resolved.cautions,
        [
            "parameter `fleet`: `alone` was found in what could be listed, which is not all that there is: \
             AccessDenied",
            "parameter `to`: `api:6` was found in what could be listed, which is not all that there is: \
             AccessDenied",
        ]
    );
    // Words of the runbook's own, and no value at all, need no listing.
    let resolved = in_part(&with(&["fleet="])).unwrap();
    assert_eq!(resolved.values["to"].to_string(), "last-good");
    assert_eq!(resolved.cautions, Vec::<String>::new());

    for (pair, said) in [
        (
            "fleet=alone,other",
            "parameter `fleet`: `other` could not be looked up because not all that there is could be listed: \
             AccessDenied",
        ),
        // Everything is never what happens to be readable.
        (
            "desired=3",
            "parameter `fleet`: all that there is is wanted, and not all could be listed: AccessDenied",
        ),
    ] {
        let failed = in_part(&with(&[pair])).unwrap_err();
        let told: Vec<String> = failed.unlisted.iter().map(ToString::to_string).collect();
        assert_eq!(told, [said]);
        assert_eq!(failed.unlisted[0].class, Some(ErrorClass::Denied));
        assert_eq!(failed.problems, [], "{pair}");
    }
}
