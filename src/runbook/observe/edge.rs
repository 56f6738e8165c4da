//! What runbooks see of CloudFront, of certificates and of repositories.

use super::{maybe, number, resource, text, texts};
use crate::domain::certificate::Certificate;
use crate::domain::distribution::Distribution;
use crate::domain::ecr::Repository;
use crate::domain::ids::Kind;
use crate::runbook::value::{Resource, Value};

/// A distribution.
pub(super) fn distribution(one: &Distribution) -> Resource {
    resource(
        Kind::Distribution,
        (&one.arn, one.name()),
        [
            ("domain_name", text(&one.domain_name)),
            ("aliases", texts(one.aliases.iter().map(String::as_str))),
            ("status", text(&one.status)),
            ("enabled", one.enabled.map_or(Value::Null, Value::Bool)),
            (
                "invalidations_in_progress",
                one.in_progress().map_or(Value::Null, number),
            ),
        ],
    )
}

/// A repository.
pub(super) fn repository(one: &Repository) -> Resource {
    let tags = one
        .images
        .as_ref()
        .map(|images| texts(images.iter().flat_map(|image| &image.tags).map(String::as_str)));
    resource(
        Kind::EcrRepository,
        (&one.arn, &one.name),
        [
            ("uri", text(&one.uri)),
            ("immutable", Value::Bool(one.immutable)),
            ("image_tags", tags.unwrap_or(Value::Null)),
        ],
    )
}

/// A certificate.
pub(super) fn certificate(one: &Certificate) -> Resource {
    resource(
        Kind::Certificate,
        (&one.arn, &one.domain),
        [
            ("status", text(&one.status)),
            ("renewal", maybe(one.renewal.as_deref())),
            (
                "unproven",
                texts(one.unproven().map(|proof| proof.domain.as_str())),
            ),
        ],
    )
}
