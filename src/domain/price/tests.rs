//! The shipped table against prices that were looked up by hand, and the reader against broken files.

use jiff::civil::date;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::units::{Gib, Mib};

const SEOUL: &str = "ap-northeast-2";
const VIRGINIA: &str = "us-east-1";

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn hour(text: &str) -> UsdPerHour {
    UsdPerHour::new(usd(text))
}

fn value<T>(priced: Option<Priced<T>>) -> Option<T> {
    priced.map(|priced| priced.value)
}

/// A file with one group of one price.
fn file(kind: &str, key: &str, price: &str) -> String {
    format!(
        r#"{{"schema":"quarterdeck.prices/1","region":"eu-west-1","currency":"USD","groups":[
        {{"kind":"{kind}","as_of":"2026-10-01","source":"by hand","note":"","checked":true,
        "prices":{{"{key}":"{price}"}}}}]}}"#
    )
}

#[test]
fn every_shipped_file_is_read() {
    for text in SHIPPED {
        PriceTable::parse(text).unwrap();
    }
    let table = PriceTable::shipped();
    assert_eq!(table.regions().collect::<Vec<_>>(), [SEOUL, VIRGINIA]);
    assert_eq!(table.oldest(SEOUL), Some(date(2024, 7, 1)));
    assert_eq!(table.oldest("mars-1"), None);
}

#[test]
fn ec2_prices_differ_by_region() {
    let table = PriceTable::shipped();
    for (instance_type, virginia, seoul) in [
        ("t3.micro", "0.0104", "0.013"),
        ("t3.small", "0.0208", "0.026"),
        ("t4g.nano", "0.0042", "0.0052"),
        ("m5.large", "0.096", "0.118"),
        ("g4dn.xlarge", "0.526", "0.647"),
        ("g4dn.2xlarge", "0.752", "0.925"),
        ("g5.xlarge", "1.006", "1.237"),
        ("g5.2xlarge", "1.212", "1.4903"),
        ("p3.2xlarge", "3.06", "4.234"),
        ("p4d.24xlarge", "21.957642", "30.41028"),
        ("p5.48xlarge", "55.04", "75.9552"),
    ] {
        assert_eq!(
            value(table.ec2(VIRGINIA, instance_type)),
            Some(hour(virginia)),
            "{instance_type}"
        );
        assert_eq!(
            value(table.ec2(SEOUL, instance_type)),
            Some(hour(seoul)),
            "{instance_type}"
        );
    }
}

#[test]
fn an_answer_carries_its_day_and_source() {
    let price = PriceTable::shipped().ec2(VIRGINIA, "g5.xlarge").unwrap();
    assert_eq!(price.as_of(), date(2026, 7, 20));
    assert_eq!(
        price.source(),
        "AWS price list, on-demand, Linux, shared tenancy, GPU types"
    );
    assert_eq!(price.checked(), Checked::Yes);
}

#[test]
fn what_the_table_lacks_is_unknown() {
    let table = PriceTable::shipped();
    assert_eq!(table.ec2(VIRGINIA, "z99.mega"), None);
    assert_eq!(table.ec2("mars-1", "t3.micro"), None);
    assert_eq!(table.ec2(VIRGINIA, "db.t3.micro"), None);
    assert_eq!(
        table.rds(
            VIRGINIA,
            "db.serverless",
            DbEngine::Postgres,
            Deployment::SingleAz
        ),
        None
    );
    assert_eq!(
        table.elasticache(VIRGINIA, "cache.z1.large", CacheEngine::Redis),
        None
    );
    assert_eq!(table.aurora_capacity_unit(VIRGINIA, DbEngine::Postgres), None);
    assert_eq!(table.capacity_unit(VIRGINIA, LoadBalancerKind::Classic), None);
    let io1 = EbsVolume {
        iops: 100,
        ..EbsVolume::new(EbsKind::Io1, Gib(10))
    };
    assert_eq!(table.ebs(SEOUL, io1), None);
}

#[test]
fn fargate_is_priced_by_cpu_memory_and_storage() {
    let table = PriceTable::shipped();
    let size = FargateSize::new(512, Mib(1024));
    // 0.5 × 0.04656 + 1 × 0.00511
    assert_eq!(
        value(table.fargate(SEOUL, Arch::X86, size)),
        Some(hour("0.02839"))
    );
    // 0.5 × 0.03725 + 1 × 0.00409
    assert_eq!(
        value(table.fargate(SEOUL, Arch::Arm, size)),
        Some(hour("0.022715"))
    );
    // 0.25 × 0.04048 + 0.5 × 0.004445
    let small = FargateSize::new(256, Mib(512));
    assert_eq!(
        value(table.fargate(VIRGINIA, Arch::X86, small)),
        Some(hour("0.0123425"))
    );
    let with_disk = FargateSize {
        ephemeral: Gib(50),
        ..small
    };
    // 30 GiB above the free 20, at 0.000111
    assert_eq!(
        value(table.fargate(VIRGINIA, Arch::X86, with_disk)),
        Some(hour("0.0156725"))
    );
    assert_eq!(Arch::from_task_definition(None), Some(Arch::X86));
    assert_eq!(Arch::from_task_definition(Some("ARM64")), Some(Arch::Arm));
    assert_eq!(Arch::from_task_definition(Some("RISCV")), None);
}

#[test]
fn databases_are_priced_by_engine_class_and_standby() {
    let table = PriceTable::shipped();
    let rds = |region, class, engine: &str, storage, multi_az| {
        let engine = DbEngine::from_api(engine, storage).unwrap();
        value(table.rds(region, class, engine, Deployment::of(multi_az)))
    };
    assert_eq!(
        rds(SEOUL, "db.t4g.micro", "postgres", None, false),
        Some(hour("0.025"))
    );
    assert_eq!(
        rds(SEOUL, "db.t4g.small", "postgres", None, true),
        Some(hour("0.102"))
    );
    assert_eq!(
        rds(VIRGINIA, "db.t3.medium", "postgres", None, false),
        Some(hour("0.072"))
    );
    assert_eq!(
        rds(VIRGINIA, "db.t3.medium", "mysql", None, true),
        Some(hour("0.136"))
    );
    assert_eq!(
        rds(VIRGINIA, "db.t3.medium", "mariadb", None, false),
        Some(hour("0.068"))
    );
    assert_eq!(
        rds(VIRGINIA, "db.r6g.large", "aurora-postgresql", None, false),
        Some(hour("0.26"))
    );
    // Aurora has no standby that could be paid for.
    assert_eq!(
        rds(VIRGINIA, "db.r6g.large", "aurora-mysql", None, true),
        Some(hour("0.26"))
    );
    assert_eq!(
        rds(
            VIRGINIA,
            "db.r6g.large",
            "aurora-mysql",
            Some("aurora-iopt1"),
            false
        ),
        Some(hour("0.338"))
    );
    assert_eq!(DbEngine::from_api("oracle-ee", None), None);
    let aurora = DbEngine::AuroraPostgres(AuroraStorage::Standard);
    assert_eq!(
        value(table.aurora_capacity_unit(SEOUL, aurora)),
        Some(hour("0.2"))
    );
}

#[test]
fn database_storage_is_priced_by_the_month() {
    let table = PriceTable::shipped();
    let month = |region, storage| table.rds_storage(region, storage).unwrap().value.per_month();
    let near = |amount: Usd, expected: &str| {
        let off = (amount - usd(expected)).as_f64().abs();
        assert!(off < 1e-6, "{amount:.10} is not {expected}");
    };
    let gp3 = DbStorage {
        kind: DbVolumeKind::Gp3,
        deployment: Deployment::SingleAz,
        size: Gib(20),
        paid_iops: 0,
    };
    near(month(SEOUL, gp3), "2.62");
    near(
        month(
            SEOUL,
            DbStorage {
                deployment: Deployment::MultiAz,
                size: Gib(50),
                ..gp3
            },
        ),
        "13.1",
    );
    near(
        month(
            VIRGINIA,
            DbStorage {
                size: Gib(100),
                ..gp3
            },
        ),
        "11.5",
    );
    let io1 = DbStorage {
        kind: DbVolumeKind::Io1,
        size: Gib(100),
        paid_iops: 1000,
        ..gp3
    };
    // 100 × 0.125 + 1000 × 0.10
    near(month(VIRGINIA, io1), "112.5");
    assert_eq!(
        table.rds_storage(
            VIRGINIA,
            DbStorage {
                kind: DbVolumeKind::Io2,
                ..gp3
            }
        ),
        None
    );
    assert_eq!(DbVolumeKind::from_api("standard"), Some(DbVolumeKind::Magnetic));
    assert_eq!(DbVolumeKind::from_api("aurora"), None);
}

#[test]
fn volumes_pay_only_for_what_exceeds_the_baseline() {
    let table = PriceTable::shipped();
    let month = |volume| table.ebs(VIRGINIA, volume).unwrap().value.per_month().as_f64();
    let near = |amount: f64, expected: f64| {
        assert!((amount - expected).abs() < 1e-6, "{amount} is not {expected}");
    };
    let gp3 = EbsVolume::new(EbsKind::Gp3, Gib(40));
    near(month(gp3), 3.2);
    near(
        month(EbsVolume {
            iops: 3_000,
            throughput_mibps: 125,
            ..gp3
        }),
        3.2,
    );
    near(
        month(EbsVolume {
            iops: 4_000,
            throughput_mibps: 130,
            ..gp3
        }),
        3.2 + 5.0 + 0.2,
    );
    near(
        month(EbsVolume {
            iops: 300,
            ..EbsVolume::new(EbsKind::Io1, Gib(30))
        }),
        3.75 + 19.5,
    );
    near(
        month(EbsVolume {
            iops: 9_999,
            ..EbsVolume::new(EbsKind::Gp2, Gib(10))
        }),
        1.0,
    );
    let io2 = EbsVolume {
        iops: 32_001,
        ..EbsVolume::new(EbsKind::Io2, Gib(30))
    };
    assert_eq!(
        table.ebs(VIRGINIA, io2),
        None,
        "cheaper tiers are not in the table"
    );
    // gp2 in Seoul is known from copies alone.
    assert_eq!(
        table
            .ebs(SEOUL, EbsVolume::new(EbsKind::Gp2, Gib(10)))
            .unwrap()
            .checked(),
        Checked::No
    );
    assert_eq!(EbsKind::from_api("io2"), Some(EbsKind::Io2));
    assert_eq!(EbsKind::from_api("gp9"), None);
}

#[test]
fn caches_are_priced_by_engine() {
    let table = PriceTable::shipped();
    let node = |region, node_type, engine: &str| {
        value(table.elasticache(region, node_type, CacheEngine::from_api(engine).unwrap()))
    };
    assert_eq!(node(SEOUL, "cache.t4g.micro", "redis"), Some(hour("0.024")));
    assert_eq!(node(SEOUL, "cache.t4g.micro", "valkey"), Some(hour("0.0192")));
    assert_eq!(node(SEOUL, "cache.t4g.small", "redis"), Some(hour("0.047")));
    assert_eq!(node(VIRGINIA, "cache.t3.medium", "redis"), Some(hour("0.068")));
    assert_eq!(
        node(VIRGINIA, "cache.r6g.large", "memcached"),
        Some(hour("0.206"))
    );
    assert_eq!(CacheEngine::from_api("keydb"), None);
    let serverless = table.serverless_cache_gb(VIRGINIA, CacheEngine::Valkey);
    assert_eq!(value(serverless), Some(hour("0.084")));
}

#[test]
fn network_is_priced_by_the_hour() {
    let table = PriceTable::shipped();
    assert_eq!(value(table.nat_gateway(VIRGINIA)), Some(hour("0.045")));
    assert_eq!(value(table.nat_gateway(SEOUL)), Some(hour("0.059")));
    assert_eq!(table.nat_gateway(SEOUL).unwrap().value.per_month(), usd("43.07"));
    assert_eq!(value(table.alb(SEOUL)), Some(hour("0.0225")));
    let kind = LoadBalancerKind::from_api("network").unwrap();
    assert_eq!(value(table.load_balancer(VIRGINIA, kind)), Some(hour("0.0225")));
    assert_eq!(value(table.capacity_unit(VIRGINIA, kind)), Some(hour("0.006")));
    assert_eq!(value(table.public_ipv4(SEOUL)), Some(hour("0.005")));
    assert_eq!(value(table.interface_endpoint(SEOUL)), Some(hour("0.013")));
    assert_eq!(value(table.eks_cluster(VIRGINIA)), Some(hour("0.1")));
    assert_eq!(value(table.eks_extended_support(VIRGINIA)), Some(hour("0.5")));
}

#[test]
fn what_is_paid_by_use_has_a_price_in_every_region() {
    let table = PriceTable::shipped();
    for region in table.regions() {
        for unit in Unit::ALL {
            assert!(table.unit(region, *unit).is_some(), "{unit:?} in {region}");
        }
    }
    let unit = |region, unit| value(table.unit(region, unit));
    assert_eq!(unit(SEOUL, Unit::LogsIngestedGb), Some(usd("0.76")));
    assert_eq!(unit(VIRGINIA, Unit::LogsIngestedGb), Some(usd("0.5")));
    assert_eq!(unit(SEOUL, Unit::InternetOutGb), Some(usd("0.126")));
    assert_eq!(
        unit(VIRGINIA, Unit::MetricRequested).map(|each| each * 1_000),
        Some(usd("0.01"))
    );
    assert_eq!(
        unit(VIRGINIA, Unit::RedisProcessingUnit),
        Some(usd("0.0000000034"))
    );
    assert_eq!(Unit::S3StandardGbMonth.per(), "GB-month");
}

#[test]
fn notebook_prices_are_marked_as_standing_for_endpoints() {
    let price = PriceTable::shipped()
        .sagemaker(VIRGINIA, "ml.g4dn.xlarge")
        .unwrap();
    assert_eq!(price.value, hour("0.7364"));
    assert_eq!(price.checked(), Checked::No);
}

#[test]
fn seoul_is_never_cheaper_than_virginia() {
    // A swapped column would break this: there is no instance type that Seoul sells for less.
    let table = PriceTable::shipped();
    let mut compared = 0;
    for section in [Section::Ec2, Section::Rds, Section::Aurora, Section::Elasticache] {
        for (key, (seoul, _)) in &table.regions[SEOUL][&section] {
            if let Some(virginia) = table.find(VIRGINIA, section, key) {
                assert!(*seoul >= virginia.value, "{key}");
                compared += 1;
            }
        }
    }
    assert!(compared > 900, "only {compared} prices in common");
}

#[test]
fn a_standby_costs_about_as_much_as_the_instance() {
    // A column that slipped while the data was brought up to date would break this.
    let table = PriceTable::shipped();
    for region in table.regions() {
        let prices = &table.regions[region][&Section::Rds];
        for (key, (single, _)) in prices {
            let Some(stem) = key.strip_suffix("/single-az") else {
                continue;
            };
            let (multi, _) = prices[&format!("{stem}/multi-az")];
            let ratio = multi.as_f64() / single.as_f64();
            assert!((1.85..=2.1).contains(&ratio), "{region} {stem}: {ratio}");
        }
    }
}

#[test]
fn a_file_of_ones_own_adds_a_region() {
    let own = PriceTable::parse(&file("ec2", "t3.micro", "0.0114")).unwrap();
    let table = PriceTable::shipped().clone().merge(own.clone()).unwrap();
    let price = table.ec2("eu-west-1", "t3.micro").unwrap();
    assert_eq!((price.value, price.source()), (hour("0.0114"), "by hand"));
    assert_eq!(value(table.ec2(VIRGINIA, "t3.micro")), Some(hour("0.0104")));
    let twice = own.clone().merge(own).unwrap_err();
    assert_eq!(
        twice,
        PriceError::RegionTwice {
            region: "eu-west-1".to_owned()
        }
    );
}

#[test]
fn what_would_hide_a_price_is_refused() {
    let error = |text: &str| PriceTable::parse(text).unwrap_err();
    let unknown = |section, key: &str| PriceError::UnknownKey {
        section,
        key: key.to_owned(),
    };
    for (kind, key) in [
        ("ec2", "t3"),
        ("ec2", "T3.micro"),
        ("fargate", "x86_64/hour"),
        ("fargate", "mips/vcpu-hour"),
        ("rds", "postgres/t3.micro/single-az"),
        ("rds", "postgres/db.t3.micro/one-az"),
        ("rds", "aurora-mysql/db.t3.medium/single-az"),
        ("aurora", "aurora-mysql/db.t3.medium/single-az"),
        ("rds-storage", "gp3/single-az/tb-month"),
        ("elasticache", "redis/t3.micro"),
        ("network", "nat-gateway"),
        ("eks", "cluster"),
        ("ebs", "gp3"),
        ("sagemaker", "g5.xlarge"),
        ("unit", "s3-standard"),
    ] {
        assert_eq!(error(&file(kind, key, "1")), unknown(kind, key));
    }
    for price in ["", "free", "0", "-1"] {
        let expected = PriceError::Amount {
            section: "ec2",
            key: "t3.micro".to_owned(),
            price: price.to_owned(),
        };
        assert_eq!(error(&file("ec2", "t3.micro", price)), expected);
    }
    let twice = file("ec2", r#"t3.micro":"1","t3.micro"#, "2");
    assert_eq!(
        error(&twice),
        PriceError::PriceTwice {
            section: "ec2",
            key: "t3.micro".to_owned()
        }
    );
}

#[test]
fn files_of_another_shape_are_refused_with_the_place() {
    let error = |text: &str| PriceTable::parse(text).unwrap_err();
    let good = file("ec2", "t3.micro", "1");
    assert_eq!(
        error(&good.replace("prices/1", "prices/2")),
        PriceError::Schema {
            found: "quarterdeck.prices/2".to_owned()
        }
    );
    assert_eq!(
        error(&good.replace("USD", "KRW")),
        PriceError::Currency {
            found: "KRW".to_owned()
        }
    );
    for broken in [
        "",
        "[]",
        &good.replace("\"note\":\"\",", ""),
        &good.replace("\"note\"", "\"notes\""),
        &good.replace("\"1\"", "1"),
        &good.replace("2026-10-01", "last week"),
        &good.replace("\"kind\":\"ec2\"", "\"kind\":\"ec3\""),
    ] {
        let text = error(broken).to_string();
        assert!(
            text.starts_with("price file: ") && text.contains("line"),
            "{text}"
        );
    }
}
