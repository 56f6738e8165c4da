//! Estate files.

use std::collections::BTreeMap;
use std::fs;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use quarterdeck::config::estate::{self, Estate, Loaded, ScopeSpec};
use quarterdeck::domain::glob::Glob;
use quarterdeck::domain::policy::{
    AcceptedFinding, BusinessHours, ConfirmLevel, CostTag, Credits, Environment, FixedCost, Limit,
    NightCapacity, Objectives, Policy, Recovery, Selection, TagFilter, Thresholds, WorkQueue, Zone,
};

use super::{assert_generated, assert_report, fixtures, root, short};

fn load(text: &str) -> Loaded {
    estate::parse("x.yaml", text.as_bytes()).unwrap_or_else(|report| panic!("{report}"))
}

fn glob(text: &str) -> Glob {
    Glob::new(text)
}

#[test]
fn valid_files_load_without_a_complaint() {
    for path in fixtures("estate-valid") {
        let bytes = fs::read(&path).expect("a readable fixture");
        let loaded = estate::parse(&short(&path), &bytes)
            .unwrap_or_else(|report| panic!("{}\n{report}", path.display()));
        let warnings = loaded.warnings();
        assert!(warnings.is_empty(), "{}\n{warnings}", path.display());
    }
}

#[test]
fn invalid_files_are_refused_with_the_reviewed_report() {
    for path in fixtures("estate-invalid") {
        let bytes = fs::read(&path).expect("a readable fixture");
        let report = match estate::parse(&short(&path), &bytes) {
            Err(report) => report,
            Ok(loaded) => panic!("{} was accepted: {:?}", path.display(), loaded.estate),
        };
        assert_report("estate", &path, &report.to_string());
    }
}

#[test]
fn every_key_reaches_the_estate() {
    let path = root().join("tests/fixtures/config/estate-valid/everything.yaml");
    let loaded = load(&fs::read_to_string(path).expect("a readable fixture"));
    let expected = Estate {
        name: "shop".to_owned(),
        description: Some("Everything that can be written".to_owned()),
        scopes: vec![
            ScopeSpec {
                name: "main".to_owned(),
                profile: Some("shop-prod".to_owned()),
                region: "ap-northeast-2".to_owned(),
                role_arn: Some("arn:aws:iam::123456789012:role/ops/oncall".to_owned()),
                external_id: Some("partner-7".to_owned()),
                mfa_serial: Some("arn:aws:iam::210987654321:mfa/kim".to_owned()),
                account: Some("123456789012".to_owned()),
                account_name: Some("shop-production".to_owned()),
            },
            ScopeSpec::new(None, "us-east-1"),
        ],
        selection: Selection {
            clusters: vec![glob("shop-*")],
            names: vec![glob("shop-*"), glob("checkout")],
            tags: vec![
                TagFilter {
                    key: "Project".to_owned(),
                    values: vec![glob("shop")],
                },
                TagFilter {
                    key: "Team".to_owned(),
                    values: vec![glob("web"), glob("pay-*")],
                },
            ],
        },
        probe_document: Some("Shop-GpuProbe".to_owned()),
        log_groups: vec![glob("/ecs/shop-*")],
        policy: Policy {
            recovery: Recovery {
                estate: Objectives {
                    rto: Some(jiff::SignedDuration::from_hours(1)),
                    rpo: Some(jiff::SignedDuration::from_mins(15)),
                },
                databases: BTreeMap::from([(
                    "shop-db".to_owned(),
                    Objectives {
                        rto: None,
                        rpo: Some(jiff::SignedDuration::from_mins(5)),
                    },
                )]),
            },
            environment: Environment::Prod,
            read_only_default: false,
            time_zone: Zone::named("Asia/Seoul").expect("it exists"),
            monthly_budget_usd: Some(900.0),
            fixed_monthly_costs: vec![FixedCost {
                name: "AI API".to_owned(),
                monthly_usd: 150.5,
            }],
            credits: Some(Credits {
                amount_usd: 1000.0,
                since: Some("2026-07-01".parse().expect("a date")),
                until: Some("2027-06-30".parse().expect("a date")),
            }),
            cost_tag: Some(CostTag {
                key: "Project".to_owned(),
                value: "shop".to_owned(),
            }),
            thresholds: Thresholds {
                rds_cpu_percent: Limit::above(70.0, 95.0),
                rds_free_storage_percent: Limit::below(20.0, 5.0),
                gpu_idle_util_percent: 3.0,
                ..Thresholds::default()
            },
            accepted: vec![AcceptedFinding {
                rule: glob("rds.multi-az-off"),
                subject: glob("shop-db"),
                reason: "one zone by design".to_owned(),
                until: "2026-12-31".parse().expect("a date"),
            }],
            night_capacity: [("shop-gpu".to_owned(), NightCapacity { min: 0, desired: 1 })].into(),
            work_queues: vec![WorkQueue {
                queue: "shop-jobs".to_owned(),
                feeds: vec!["shop-gpu".to_owned(), "shop-worker".to_owned()],
            }],
            business_hours: Some(BusinessHours {
                days: vec![jiff::civil::Weekday::Tuesday, jiff::civil::Weekday::Saturday],
                from: jiff::civil::time(9, 30, 0, 0),
                to: jiff::civil::time(18, 0, 0, 0),
            }),
            confirm_at_least: ConfirmLevel::TypeName,
            guard_alarms: vec!["shop-api-5xx".to_owned()],
        },
    };
    assert_eq!(loaded.estate, expected);
}

#[test]
fn a_scope_is_named_after_its_profile_and_region() {
    let scopes = [
        ScopeSpec::new(None, "us-east-1"),
        ScopeSpec::new(Some("shop".to_owned()), "ap-northeast-2"),
    ];
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["default/us-east-1", "shop/ap-northeast-2"]);
}

const LEAST: &str = "\
apiVersion: quarterdeck/v1
kind: Estate
name: least
environment: ENVIRONMENT
scopes:
  - region: us-east-1
";

#[test]
fn what_is_left_out_has_its_default() {
    let loaded = load(&LEAST.replace("ENVIRONMENT", "staging"));
    assert_eq!(
        loaded.estate.policy,
        Policy {
            environment: Environment::Staging,
            ..Policy::default()
        }
    );
    assert!(loaded.estate.selection.is_everything());
}

#[test]
fn production_is_read_only_unless_its_file_says_otherwise() {
    for (environment, line, expected) in [
        ("prod", "", true),
        ("prod", "read_only: false\n", false),
        ("staging", "", false),
        ("dev", "", false),
        ("dev", "read_only: true\n", true),
    ] {
        let text = LEAST.replace("ENVIRONMENT", environment) + line;
        let policy = load(&text).estate.policy;
        assert_eq!(policy.read_only_default, expected, "{environment} {line}");
    }
}

#[test]
fn a_region_that_the_build_does_not_know_is_allowed_with_a_warning() {
    let text = LEAST
        .replace("ENVIRONMENT", "dev")
        .replace("us-east-1", "us-esat-1");
    let warnings = load(&text).warnings();
    assert!(!warnings.has_errors());
    assert_eq!(
        warnings.to_string(),
        "\
x.yaml:6:13: warning: `us-esat-1` is not a region that this build knows
  |
6 |   - region: us-esat-1
  |             ^^^^^^^^^ did you mean `us-east-1`?

1 warning in x.yaml"
    );
}

#[test]
fn accepting_a_rule_that_does_not_exist_is_pointed_out() {
    let text = LEAST.replace("ENVIRONMENT", "dev")
        + "accept:\n  \
           - {rule: rds.multi-az-of, match: '*', reason: typo, until: 2026-12-31}\n  \
           - {rule: 'ecs.*', match: '*', reason: fine, until: 2026-12-31}\n";
    let mut loaded = load(&text);
    loaded.check_rules(&["rds.multi-az-off", "ecs.stuck"]);
    let warnings = loaded.warnings();
    assert_eq!(warnings.diagnostics().len(), 1);
    assert_eq!(
        warnings.headline().as_deref(),
        Some("x.yaml:8:12: warning: no rule is called `rds.multi-az-of`")
    );
    assert_eq!(
        warnings.diagnostics()[0].label,
        "did you mean `rds.multi-az-off`?"
    );
}

#[test]
fn the_shipped_estates_load_and_name_their_schema() {
    for (name, text) in estate::SHIPPED {
        let loaded = estate::parse(&format!("estates/{name}.yaml"), text.as_bytes())
            .unwrap_or_else(|report| panic!("{report}"));
        let warnings = loaded.warnings();
        assert!(warnings.is_empty(), "{warnings}");
        assert_eq!(loaded.estate.name, name);
        assert_eq!(loaded.estate.policy.time_zone.name(), "Asia/Seoul");
        assert_eq!(
            text.lines().next(),
            Some("# yaml-language-server: $schema=../schemas/estate.schema.json"),
            "{name}"
        );
    }
    let mut files: Vec<String> = fs::read_dir(root().join("estates"))
        .expect("the folder")
        .map(|entry| short(&entry.expect("an entry").path()))
        .collect();
    files.sort();
    let mut shipped = estate::SHIPPED.map(|(name, _)| format!("{name}.yaml"));
    shipped.sort();
    assert_eq!(files, shipped, "every estate in the folder is shipped");
}

#[test]
fn each_shipped_estate_selects_its_own_resources_alone() {
    let estates = estate::SHIPPED.map(|(name, text)| {
        let loaded = estate::parse(name, text.as_bytes()).expect("it loads");
        loaded.estate
    });
    for (owners, name) in [
        (&["fashion"][..], "fashion-ai-mlops"),
        (&["codemate"], "codemate-db-prod"),
        (&["codemate"], "codemate-files-prod-111122223333"),
        // Development lives in production's account, and whoever looks at that sees both.
        (&["codemate", "codemate-dev"], "codemate-db-dev"),
        (&["codemate", "codemate-dev"], "codemate-files-dev-111122223333"),
        (&["ecg"], "ecg-project-pipeline-dev-model-server"),
        (&["ecommerce"], "ecommerce-app-asg"),
        (&["invokeai"], "invokeai-gpu-workers-spot"),
    ] {
        for estate in &estates {
            let includes = estate.selection.includes_name(name);
            let is_owner = owners.contains(&estate.name.as_str());
            assert_eq!(includes, is_owner, "{name} in {}", estate.name);
        }
    }
}

#[test]
fn development_of_codemate_may_rest_and_nothing_of_production_is_in_it() {
    let of = |wanted: &str| {
        let (name, text) = estate::SHIPPED
            .into_iter()
            .find(|(name, _)| *name == wanted)
            .expect("it is shipped");
        estate::parse(name, text.as_bytes()).expect("it loads").estate
    };
    let (prod, dev) = (of("codemate"), of("codemate-dev"));
    assert_eq!(prod.policy.environment, Environment::Prod);
    assert_eq!(dev.policy.environment, Environment::Dev);
    assert!(dev.selection.includes_cluster("codemate-cluster-dev"));
    assert!(!dev.selection.includes_cluster("codemate-cluster"));
    assert!(
        !dev.selection
            .includes("codemate-db-prod", [("Project", "codemate")])
    );
    assert!(dev.policy.business_hours.is_some(), "what a night is");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Whatever happens to a file, it is read or refused with places inside it.
    #[test]
    fn a_damaged_file_never_does_harm(
        which in 0..estate::SHIPPED.len(),
        at in any::<prop::sample::Index>(),
        length in 0..30usize,
        scrap in "[-a-z:\\[\\]{}\"'#&*!|>%@ \t\n,<0-9é가]{0,8}",
    ) {
        let (name, text) = estate::SHIPPED[which];
        let chars: Vec<char> = text.chars().collect();
        let start = at.index(chars.len());
        let end = (start + length).min(chars.len());
        let damaged: String = chars[..start].iter().copied()
            .chain(scrap.chars())
            .chain(chars[end..].iter().copied())
            .collect();
        match estate::parse(name, damaged.as_bytes()) {
            Ok(loaded) => prop_assert!(!loaded.estate.scopes.is_empty()),
            Err(report) => {
                prop_assert!(report.has_errors());
                for diagnostic in report.diagnostics() {
                    prop_assert!(diagnostic.span.end <= report.source().text().len());
                }
                prop_assert!(!report.to_string().is_empty());
            }
        }
    }
}

#[test]
fn the_schema_is_the_one_that_the_code_makes() {
    assert_generated(
        &root().join("schemas/estate.schema.json"),
        &estate::estate_schema(),
    );
}

#[test]
fn the_reference_page_is_the_one_that_the_code_makes() {
    const BEGIN: &str = "<!-- generated: begin -->\n";
    const END: &str = "<!-- generated: end -->\n";
    let path = root().join("docs/estate-file.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (head, rest) = page.split_once(BEGIN).expect("the first mark");
    let (_, tail) = rest.split_once(END).expect("the second mark");
    let made = format!("{head}{BEGIN}\n{}\n{END}{tail}", estate::reference());
    assert_generated(&path, &made);
}

#[test]
fn the_examples_on_the_pages_load() {
    for name in ["docs/estate-file.md", "docs/runbooks/stop-estate.md"] {
        let page = fs::read_to_string(root().join(name)).expect("the page");
        let (_, rest) = page.split_once("```yaml\n").expect("an example");
        let (example, _) = rest.split_once("```").expect("its end");
        let warnings = load(example).warnings();
        assert!(warnings.is_empty(), "{name}: {warnings}");
    }
}
