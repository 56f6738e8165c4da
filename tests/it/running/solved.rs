//! Incidents of the demo, from the finding to the runbook that is offered for it first, to a finding that is gone.

use std::time::Duration;

use jiff::Timestamp;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::certificate::Certificate;
use quarterdeck::domain::datastore::Cache;
use quarterdeck::domain::dns::RecordSet;
use quarterdeck::domain::ecr::Image;
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::ops::{Mutation, Query, ReplyData, Token, acm, ecr, elasticache, rds, route53};
use quarterdeck::domain::policy::ConfirmLevel;
use quarterdeck::engine::clock::Clock;
use quarterdeck::runbook::action::CostDelta;

use super::functions::{carry_out, findings, found};
use super::stage::{EPOCH, Stage, run};

const CACHE: &str = "ecommerce-redis";

fn open((world, scenario): (World, Scenario), home: &tempfile::TempDir) -> Stage {
    let now: Timestamp = EPOCH.parse().unwrap();
    Stage::new((world, scenario), Vec::new(), now, home.path())
}

async fn cache(stage: &Stage, name: &str) -> Cache {
    let query = Query::ElastiCache(elasticache::Read::Caches);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Caches(known) => known.into_iter().find(|cache| cache.name == name).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_cache_gets_larger_nodes_and_evicts_no_more() {
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Ecommerce, Scenario::RedisEvictions), &home);
    let wrong = findings(&stage, &[Kind::Redis]).await;
    for rule in ["redis.evictions", "redis.memory", "redis.hit-rate"] {
        let finding = found(&wrong, rule).unwrap_or_else(|| panic!("{rule}"));
        assert_eq!(
            (finding.name.as_str(), finding.runbooks[0].as_str()),
            (CACHE, "redis-resize")
        );
    }

    let plan = stage.plan("redis-resize", &[("cache", CACHE)]).await.plan;
    let change = &plan.changes[0];
    assert_eq!(
        change.summary,
        "node type cache.t4g.small (1.37 GiB) → cache.t4g.medium (3.09 GiB)"
    );
    assert_eq!(plan.confirm.level, ConfirmLevel::TypeName);
    let CostDelta::Known { usd_per_hour, .. } = &change.cost else {
        panic!("{:?}", change.cost);
    };
    assert_eq!(usd_per_hour.per_hour().to_string(), "$0.047");
    let outage = change.impact.outage.as_deref().unwrap();
    assert!(outage.contains("only node is replaced"), "{outage}");
    let warnings = plan.warnings.join("\n");
    assert!(
        warnings.contains("go back to cache.t4g.small (1.37 GiB) only as long as the data fit"),
        "{warnings}"
    );

    let begun = stage.clock.now();
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert!(stage.clock.now().duration_since(begun).as_mins() >= 10);
    let now = cache(&stage, CACHE).await;
    assert_eq!(
        (
            now.status.as_str(),
            now.node_type.as_deref(),
            now.pending_node_type
        ),
        ("available", Some("cache.t4g.medium"), None)
    );
    stage.clock.sleep(Duration::from_mins(20)).await;
    let wrong = findings(&stage, &[Kind::Redis]).await;
    for rule in ["redis.evictions", "redis.memory", "redis.hit-rate"] {
        assert_eq!(found(&wrong, rule), None);
    }

    // What it holds by now does not fit where it came from: AWS says so, and the cache stays as it is.
    let back = [("cache", CACHE), ("node_type", "cache.t4g.small")];
    let plan = stage.plan("redis-resize", &back).await.plan;
    let warnings = plan.warnings.join("\n");
    assert!(
        warnings.contains("AWS refuses it if the data do not fit on cache.t4g.small"),
        "{warnings}"
    );
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert!(summary.exit != Exit::Done && !summary.changed, "{summary:#?}");
    let told = format!("{:?}", watch.happenings);
    assert!(told.contains("do not fit on nodes"), "{told}");
    assert_eq!(
        cache(&stage, CACHE).await.node_type.as_deref(),
        Some("cache.t4g.medium")
    );
}

#[tokio::test(start_paused = true)]
async fn nodes_are_changed_only_to_what_aws_allows() {
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Ecommerce, Scenario::Quiet), &home);
    for (node_type, why) in [
        ("cache.t4g.large", "AWS does not allow cache.t4g.large"),
        ("cache.t2.medium", "larger ones are"),
    ] {
        let set = [("cache", CACHE), ("node_type", node_type)];
        let refusals = refused(&stage, "redis-resize", &set).await;
        assert!(refusals.contains(why), "{refusals}");
    }
    let plan = stage
        .plan(
            "redis-resize",
            &[("cache", CACHE), ("node_type", "cache.r7g.large")],
        )
        .await
        .plan;
    assert!(plan.changes[0].summary.ends_with("cache.r7g.large (13.07 GiB)"));
    // The family of burstable nodes has no next one.
    carry_out(&stage, "redis-resize", &[("cache", CACHE)]).await;
    let refusals = refused(&stage, "redis-resize", &[("cache", CACHE)]).await;
    assert!(refusals.contains("no larger type of the family"), "{refusals}");

    // Each shard of a group is replaced.
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Invokeai, Scenario::Quiet), &home);
    let group = [("cache", "invokeai-redis-ha")];
    carry_out(&stage, "redis-resize", &group).await;
    let now = cache(&stage, "invokeai-redis-ha").await;
    assert_eq!(now.node_type.as_deref(), Some("cache.r6g.xlarge"));
}

const REPOSITORY: &str = "ecg-project-pipeline-dev-api";

async fn images(stage: &Stage) -> Vec<Image> {
    let query = Query::Ecr(ecr::Read::Images {
        registry: None,
        repository: REPOSITORY.to_owned(),
    });
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Images(images) => images,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_rollback_needs_is_kept_from_the_lifecycle_policy() {
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Ecg, Scenario::ImageExpiring), &home);
    let kinds = [Kind::EcrRepository, Kind::EcsService];
    let wrong = findings(&stage, &kinds).await;
    let finding = found(&wrong, "ecr.image-expiring").expect("what ran goes");
    assert_eq!(
        (
            finding.name.as_str(),
            finding.title.as_str(),
            finding.runbooks[0].as_str()
        ),
        (REPOSITORY, "deployed image expires now", "ecr-keep-image")
    );
    let before = images(&stage).await;
    assert_eq!(before[0].tags, ["latest"]);
    assert!(before[1].tags.is_empty(), "{before:#?}");

    let set = [("repository", REPOSITORY)];
    let plan = stage.plan("ecr-keep-image", &set).await.plan;
    // What runs, and what ran before it.
    let tags: Vec<String> = before[1..]
        .iter()
        .map(|image| format!("keep-{}", &image.digest[7..19]))
        .collect();
    let kept: Vec<&str> = plan
        .changes
        .iter()
        .filter_map(|change| change.summary.split_once(" → "))
        .map(|(tag, _)| tag)
        .collect();
    assert_eq!(kept, tags[..2]);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");

    let after = images(&stage).await;
    assert_eq!(after[1].tags, [tags[0].as_str()]);
    assert_eq!(
        (&after[1].digest, after[1].pushed_at),
        (&before[1].digest, before[1].pushed_at)
    );
    let wrong = findings(&stage, &kinds).await;
    assert_eq!(found(&wrong, "ecr.image-expiring"), None);
    // There is nothing left that is needed and goes.
    let prepared = stage.plan("ecr-keep-image", &set).await;
    assert!(prepared.plan.is_empty(), "{:#?}", prepared.plan);
}

const CERTIFICATE: &str = "*.code1398.io";

async fn records(stage: &Stage, name: &str) -> Vec<RecordSet> {
    let zones = Query::Route53(route53::Read::Zones);
    let zone = match stage.cloud.read(&stage.scope, &zones).await.unwrap().data {
        ReplyData::HostedZones(mut zones) => zones.remove(0).id,
        other => panic!("{other:?}"),
    };
    let query = Query::Route53(route53::Read::Records {
        zone,
        name: name.to_owned(),
    });
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::RecordSets(found) => found,
        other => panic!("{other:?}"),
    }
}

async fn certificate(stage: &Stage) -> Certificate {
    let query = Query::Acm(acm::Read::Certificates);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Certificates(known) => known.into_iter().find(|one| one.domain == CERTIFICATE).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_gets_its_record_back_and_is_renewed() {
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Codemate, Scenario::CertExpiring), &home);
    let kinds = [Kind::Certificate];
    let wrong = findings(&stage, &kinds).await;
    let finding = found(&wrong, "certificate.expiring").expect("it cannot be renewed");
    assert_eq!(
        (finding.name.as_str(), finding.runbooks[0].as_str()),
        (CERTIFICATE, "acm-validate-certificate")
    );
    let (name, _, value) = certificate(&stage).await.validations[0].record.clone().unwrap();
    assert_eq!(records(&stage, &name).await, []);

    let begun = stage.clock.now();
    let set = [("certificate", CERTIFICATE)];
    let plan = stage.plan("acm-validate-certificate", &set).await.plan;
    // The wildcard and its domain have the same record.
    let [change] = plan.changes.as_slice() else {
        panic!("{:#?}", plan.changes);
    };
    assert_eq!(change.summary, format!("in code1398.io.: {name} CNAME {value}"));
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert!(stage.clock.now().duration_since(begun).as_mins() >= 10);
    let found_now = records(&stage, &name).await;
    assert_eq!(
        (
            found_now.len(),
            found_now[0].kind.as_str(),
            found_now[0].values[0].as_str()
        ),
        (1, "CNAME", value.as_str())
    );
    let renewed = certificate(&stage).await;
    assert_eq!(renewed.renewal.as_deref(), Some("SUCCESS"));
    assert!(renewed.days_left(stage.clock.now()).unwrap() > 390);
    let wrong = findings(&stage, &kinds).await;
    assert_eq!(found(&wrong, "certificate.expiring"), None);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_else_put_there_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Codemate, Scenario::CertExpiring), &home);
    let (name, _, value) = certificate(&stage).await.validations[0].record.clone().unwrap();
    let zones = Query::Route53(route53::Read::Zones);
    let zone = match stage.cloud.read(&stage.scope, &zones).await.unwrap().data {
        ReplyData::HostedZones(mut zones) => zones.remove(0).id,
        other => panic!("{other:?}"),
    };
    let other = Mutation::Route53(route53::Write::Put(route53::Cname {
        zone,
        name: name.clone(),
        value: "_old.mhbtsbpdnt.acm-validations.aws.".to_owned(),
        ttl_s: 60,
    }));
    let token = Token("somebody else".to_owned());
    stage.cloud.write(&stage.scope, &other, &token).await.unwrap();

    let set = [("certificate", CERTIFICATE)];
    let why = refused(&stage, "acm-validate-certificate", &set).await;
    assert!(why.contains("is left alone"), "{why}");
    assert!(why.contains(&format!("{name} CNAME {value}")), "{why}");
    assert_eq!(records(&stage, &name).await[0].ttl_s, Some(60));
}

/// Why there is no plan.
async fn refused(stage: &Stage, runbook: &str, set: &[(&str, &str)]) -> String {
    super::databases::refused(stage, runbook, set).await.1
}

#[tokio::test(start_paused = true)]
async fn a_database_that_fills_up_gets_room_without_an_outage() {
    let home = tempfile::tempdir().unwrap();
    let stage = open((World::Ecommerce, Scenario::DbStorageLow), &home);
    let set = |more: &[(&'static str, &'static str)]| {
        let mut set = vec![("instance", "ecommerce-db"), ("storage_gib", "75")];
        set.extend(more);
        set
    };
    // A limit that would be in the way at once is refused, with the least that is none.
    let mut preparation = stage.preparation("rds-grow-storage").await;
    let given = super::stage::given(preparation.runbook(), &set(&[("max_storage_gib", "80")]));
    let resolved = preparation.resolve(given).await.result.unwrap();
    let refused = preparation
        .plan(&resolved, (&super::stage::who("alice"), None))
        .await
        .map(|prepared| prepared.plan)
        .unwrap_err();
    assert!(refused.to_string().contains("83 GiB at least"), "{refused}");

    let plan = stage
        .plan("rds-grow-storage", &set(&[("max_storage_gib", "100")]))
        .await
        .plan;
    let [change] = plan.changes.as_slice() else {
        panic!("{:#?}", plan.changes);
    };
    assert_eq!(change.summary, "max_storage_gib 50 → 100, storage_gib 50 → 75");
    assert_eq!(change.impact.outage, None);
    let CostDelta::Known { usd_per_hour, .. } = &change.cost else {
        panic!("{:?}", change.cost);
    };
    // 25 GiB of gp3 at 0.131 a month.
    let month = usd_per_hour.per_month().as_f64();
    assert!((month - 3.275).abs() < 0.01, "{month}");
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let query = Query::Rds(rds::Read::Instances);
    let ReplyData::DbInstances(databases) = stage.cloud.read(&stage.scope, &query).await.unwrap().data else {
        panic!("no databases");
    };
    let database = databases.iter().find(|one| one.name == "ecommerce-db").unwrap();
    assert_eq!(
        (
            database.status.as_str(),
            database.storage_gib,
            database.max_storage_gib
        ),
        ("available", Some(75), Some(100))
    );
}
