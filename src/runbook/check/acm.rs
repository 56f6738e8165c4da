//! Whether a certificate is issued and renewed.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, acm};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `acm.validated`.
pub struct Validated;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    certificate: String,
}

impl Check for Validated {
    fn name(&self) -> &'static str {
        "acm.validated"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether a certificate is issued, ACM misses no proof of its names, and no renewal waits or has failed.",
            vec![FieldSchema::required(
                "certificate",
                Type::Text,
                "The certificate's ARN.",
            )],
            Some(Kind::Certificate),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::Acm(acm::Read::Certificates),
            Query::Acm(acm::Read::EdgeCertificates),
        ])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        let one = match view.certificate(&with.certificate) {
            Ok(Some(one)) => one,
            Ok(None) => {
                return Ok(Verdict::Fail(format!(
                    "there is no certificate {}",
                    with.certificate
                )));
            }
            Err(unread) => return Ok(unread.into()),
        };
        let renewal = one
            .renewal
            .as_ref()
            .map_or_else(String::new, |renewal| format!(", its renewal {renewal}"));
        let until = one
            .not_after
            .map_or_else(String::new, |end| format!(", until {end:.0}"));
        let seen = format!("{} is {}{renewal}{until}", one.domain, one.status);
        let is_renewed = matches!(one.renewal.as_deref(), None | Some("SUCCESS"));
        Ok(
            if one.status == "ISSUED" && is_renewed && one.unproven().next().is_none() {
                Verdict::Pass(seen)
            } else {
                Verdict::Fail(seen)
            },
        )
    }
}
