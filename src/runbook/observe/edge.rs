//! What runbooks see of CloudFront.

use super::{number, resource, text, texts};
use crate::domain::distribution::Distribution;
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
