//! The reference page of the health rules, written out of the rules themselves.

use std::fmt::Write;

use crate::domain::policy::{Setting, Side, Threshold, Thresholds};
use crate::domain::rules::{ALL, Reach, Rule, words};

/// The page `docs/health-rules.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Health rules\n\
         \n\
         What quarterdeck calls wrong, and from which values on. This page is generated from the rules; \
         `QD_UPDATE_DOCS=1 cargo test --test it rules` writes it anew.\n\
         \n\
         A rule speaks up only about what was read. What could not be read is `collect.unreadable`, never a \
         silent all-clear. Findings are ordered by severity, then by whom they hurt: customers, capacity, risk, \
         cost; then by age. An estate file changes any threshold under `thresholds`, and accepts a finding until \
         a date under `accept` (`rule`, `match`, `reason`, `until`; rule and match may be patterns with `*`).\n\
         \n\
         | rule | trouble | runbooks |\n\
         |---|---|---|\n",
    );
    for rule in ALL {
        put(
            &mut page,
            format_args!(
                "| [`{}`](#{}) | {} | {} |\n",
                rule.id,
                anchor(rule.id),
                rule.title,
                code_list(rule.runbooks)
            ),
        );
    }
    for rule in ALL {
        section(&mut page, rule);
    }
    page
}

fn section(page: &mut String, rule: &Rule) {
    put(
        page,
        format_args!("\n## {}\n\n**{}.** {}\n\n", rule.id, rule.title, rule.what),
    );
    put(
        page,
        format_args!(
            "About: `{}`{}.\n\n",
            rule.kind,
            match rule.reach {
                Reach::Scope => "",
                Reach::Account => ", once per account",
            }
        ),
    );
    for (severity, when) in rule.severities {
        put(page, format_args!("- **{severity}**: {when}\n"));
    }
    if !rule.thresholds.is_empty() {
        page.push_str("\n| threshold | of what | warn | crit | unit |\n|---|---|---|---|---|\n");
        for threshold in thresholds(rule) {
            let (warn, crit) = levels(threshold.default);
            put(
                page,
                format_args!(
                    "| `{}` | {} | {warn} | {crit} | {} |\n",
                    threshold.name,
                    threshold.about.split_whitespace().collect::<Vec<_>>().join(" "),
                    threshold.unit
                ),
            );
        }
    }
    if !rule.runbooks.is_empty() {
        put(page, format_args!("\nHelps: {}.\n", code_list(rule.runbooks)));
    }
}

/// The declarations of a rule's thresholds.
fn thresholds(rule: &Rule) -> impl Iterator<Item = &'static Threshold> {
    Thresholds::ALL
        .iter()
        .filter(|threshold| rule.thresholds.contains(&threshold.name))
}

fn levels(setting: Setting) -> (String, String) {
    match setting {
        Setting::Value(value) => (words::number(value), String::new()),
        Setting::Limit(limit) => {
            let sign = match limit.side {
                Side::Above => "≥",
                Side::Below => "≤",
            };
            (
                format!("{sign} {}", words::number(limit.warn)),
                format!("{sign} {}", words::number(limit.crit)),
            )
        }
    }
}

fn code_list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The anchor that Markdown renderers give a heading.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '-')
        .collect()
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The runbooks that ship, by contract.
    const RUNBOOKS: &[&str] = &[
        "rollback-deploy",
        "restore-rds-snapshot",
        "restore-rds-point-in-time",
        "gpu-night-down",
        "gpu-morning-up",
        "ecs-scale",
        "ecs-restart",
        "asg-instance-refresh-rollback",
        "asg-rollback-image",
        "drain-gpu-host",
        "redis-failover",
        "redis-resize",
        "ecr-keep-image",
        "acm-validate-certificate",
        "rds-reboot-failover",
        "rds-restart",
        "rds-grow-storage",
        "asg-scale",
        "stop-estate",
        "start-estate",
        "sqs-redrive",
        "cloudfront-invalidate",
        "pipeline-retry-stage",
        "pipeline-rollback-stage",
        "pipeline-approve",
        "pipeline-release",
        "dr-drill",
        "sagemaker-scale-endpoint",
        "sagemaker-endpoint-rollback",
        "sagemaker-stop-idle",
        "rds-backup-now",
        "lambda-rollback-alias",
        "lambda-throttle",
        "eks-scale-nodegroup",
    ];

    #[test]
    fn every_rule_is_whole() {
        let mut seen = BTreeSet::new();
        for rule in ALL {
            assert!(seen.insert(rule.id), "{} is there twice", rule.id);
            assert!(rule.id.split_once('.').is_some(), "{} has no family", rule.id);
            assert!(
                rule.what.ends_with('.'),
                "{} is not described in sentences",
                rule.id
            );
            assert!(
                !rule.title.ends_with('.') && !rule.severities.is_empty(),
                "{}",
                rule.id
            );
            assert_eq!(
                thresholds(rule).count(),
                rule.thresholds.len(),
                "{} names a threshold that is not declared",
                rule.id
            );
            for runbook in rule.runbooks {
                assert!(RUNBOOKS.contains(runbook), "{} names {runbook}", rule.id);
            }
            assert!(
                rule.severities.is_sorted_by(|(a, _), (b, _)| a > b),
                "{} lists severities out of order",
                rule.id
            );
        }
    }

    #[test]
    fn every_threshold_is_judged_by_a_rule() {
        for threshold in Thresholds::ALL {
            assert!(
                ALL.iter().any(|rule| rule.thresholds.contains(&threshold.name)),
                "no rule reads {}",
                threshold.name
            );
        }
    }

    #[test]
    fn the_page_shows_defaults_and_links_to_each_rule() {
        let page = markdown();
        assert!(page.contains(
            "| [`alb.5xx`](#alb5xx) | Server errors reach customers | `rollback-deploy`, `ecs-restart` |"
        ));
        assert!(page.contains("| `alb_5xx_per_minute` | HTTP 5xx answers of a load balancer and its targets together. | ≥ 5 | ≥ 10 | per minute |"));
        assert!(page.contains("- **crit**: count or share at the critical level"));
    }
}
