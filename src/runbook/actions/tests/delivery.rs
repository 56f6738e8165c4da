//! What a world builds and delivers: its pipeline, image repository and certificate.

use super::world::{NOW, digest};
use crate::domain::certificate::{Certificate, Origin, Validation};
use crate::domain::delivery::{Pipeline, Stage, StageAction};
use crate::domain::ecr::lifecycle::{Expires, Policy, Rule, Selects};
use crate::domain::ecr::{Image, Repository};

/// A pipeline in which one stage failed, one waits for an answer, and one is well.
pub(super) fn release() -> Pipeline {
    let in_state = |name: &str, execution: &str, (category, status): (&str, &str)| Stage {
        status: Some(status.to_owned()),
        execution: Some(execution.to_owned()),
        actions: vec![StageAction {
            name: format!("{name}-action"),
            category: category.to_owned(),
            status: Some(status.to_owned()),
            changed_at: Some(NOW.parse().unwrap()),
            ..StageAction::default()
        }],
        ..stage(name, true)
    };
    Pipeline {
        name: "release".to_owned(),
        version: Some("V2".to_owned()),
        arn: None,
        stages: vec![
            in_state("Test", "e-3", ("Build", "Failed")),
            in_state("Approve", "e-2", ("Approval", "InProgress")),
            in_state("Ship", "e-1", ("Deploy", "Succeeded")),
        ],
    }
}

/// A certificate whose renewal misses its proof.
pub(super) const CERTIFICATE: &str = "arn:aws:acm:ap-northeast-2:123456789012:certificate/stuck";

/// The record that would prove it.
pub(super) const PROOF: (&str, &str) = ("_a.example.com.", "_b.acm-validations.aws.");

pub(super) fn certificate() -> Certificate {
    Certificate {
        arn: CERTIFICATE.to_owned(),
        domain: "*.example.com".to_owned(),
        alternatives: Vec::new(),
        status: "ISSUED".to_owned(),
        origin: Origin::Amazon,
        created_at: None,
        not_after: None,
        in_use_by: Vec::new(),
        renewable: Some(true),
        renewal: Some("PENDING_VALIDATION".to_owned()),
        failure: None,
        validations: vec![Validation {
            domain: "*.example.com".to_owned(),
            method: Some("DNS".to_owned()),
            status: Some("PENDING_VALIDATION".to_owned()),
            record: Some((PROOF.0.to_owned(), "CNAME".to_owned(), PROOF.1.to_owned())),
        }],
    }
}

/// The repository `app`, whose images without a tag go after a day.
pub(super) fn repository(images: &[Image]) -> Repository {
    Repository {
        name: "app".to_owned(),
        policy: Some(Some(Policy {
            rules: vec![Rule {
                priority: 1,
                description: None,
                selects: Selects::Untagged,
                expires: Expires::DaysSincePushed(1),
            }],
            evaluated_at: None,
        })),
        images: Some(images.to_vec()),
        ..Repository::default()
    }
}

pub(super) fn image(digit: char, tags: &[&str], pushed: &str) -> Image {
    Image {
        digest: digest(digit),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        pushed_at: Some(pushed.parse().unwrap()),
        size_bytes: Some(1),
        scan: None,
    }
}

pub(super) fn stage(name: &str, enabled: bool) -> Stage {
    Stage {
        name: name.to_owned(),
        deploys: if name == "Deploy" {
            vec![("main".to_owned(), "api".to_owned())]
        } else {
            Vec::new()
        },
        status: Some("Succeeded".to_owned()),
        enabled,
        disabled_reason: (!enabled).then(|| "freeze".to_owned()),
        ..Stage::default()
    }
}
