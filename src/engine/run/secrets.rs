//! Secrets: looked up at the moment of the change that needs them, and nowhere else. Plans and journals
//! name the place of a secret; what is sent to the cloud has the secret there instead, and what comes
//! back is searched for it before anything is written down.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value as Json;

use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Mutation, Receipt};
use crate::runbook::plan::Plan;
use crate::runbook::value::{SecretRef, Value};

/// What a secret is replaced by wherever it turns up.
const MASK: &str = "(secret)";

/// Where the secrets of a plan are; in the order of their names.
pub fn wanted(plan: &Plan) -> BTreeSet<SecretRef> {
    let mut found = BTreeSet::new();
    for value in plan.names.values() {
        collect(value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<SecretRef>) {
    match value {
        Value::Secret(secret) => {
            found.insert(secret.clone());
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Map(entries) => entries.values().for_each(|entry| collect(entry, found)),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Time(_)
        | Value::Resource(_) => {}
    }
}

/// A change as it is sent, and what must not be written down of the answer.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) mutation: Mutation,
    pub(super) used: Used,
}

/// Secrets that a change was sent with.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Used(Vec<String>);

impl std::fmt::Debug for Used {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// Puts secrets where a change names their places. Only places that the plan itself declares count:
/// text that looks like one, from a tag or a log, stays what it is.
///
/// # Errors
/// If a secret is not there: the change must not be sent.
pub(super) fn open(
    mutation: Mutation,
    declared: &BTreeSet<SecretRef>,
    known: &BTreeMap<SecretRef, String>,
) -> Result<Opened, Fault> {
    if declared.is_empty() {
        return Ok(Opened {
            mutation,
            used: Used::default(),
        });
    }
    let operation = mutation.operation();
    let wrong = |message: String| Fault::new(FaultKind::Invalid, operation.service, operation.name, message);
    let places: BTreeMap<String, &SecretRef> = declared
        .iter()
        .map(|secret| (secret.to_string(), secret))
        .collect();
    let mut json = serde_json::to_value(&mutation).map_err(|error| wrong(error.to_string()))?;
    let mut used = Vec::new();
    fill(&mut json, &mut |text| {
        let Some(secret) = places.get(text) else {
            return Ok(None);
        };
        let found = known
            .get(secret)
            .cloned()
            .or_else(|| match secret {
                SecretRef::Environment(name) => std::env::var(name).ok(),
                SecretRef::Ssm(_) | SecretRef::SecretsManager(_) | SecretRef::Asked(_) => None,
            })
            .ok_or_else(|| wrong(format!("{secret} is not known here")))?;
        used.push(found.clone());
        Ok(Some(found))
    })?;
    if used.is_empty() {
        return Ok(Opened {
            mutation,
            used: Used::default(),
        });
    }
    // The error of a change that cannot be read back would say what is in it.
    let mutation = serde_json::from_value(json)
        .map_err(|_| wrong("the change does not take a secret there".to_owned()))?;
    Ok(Opened {
        mutation,
        used: Used(used),
    })
}

fn fill(
    json: &mut Json,
    secret: &mut impl FnMut(&str) -> Result<Option<String>, Fault>,
) -> Result<(), Fault> {
    match json {
        Json::String(text) => {
            if let Some(found) = secret(text)? {
                *text = found;
            }
        }
        Json::Array(items) => {
            for item in items {
                fill(item, secret)?;
            }
        }
        Json::Object(entries) => {
            for entry in entries.values_mut() {
                fill(entry, secret)?;
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
    Ok(())
}

impl Used {
    /// The answer without the secrets.
    pub(super) fn mask(&self, answer: Result<Receipt, Fault>) -> Result<Receipt, Fault> {
        if self.0.is_empty() {
            return answer;
        }
        match answer {
            Err(mut fault) => {
                fault.message = self.masked(&fault.message);
                fault.code = fault.code.map(|code| self.masked(&code));
                Err(fault)
            }
            Ok(receipt) => {
                let mut json = serde_json::to_value(&receipt).unwrap_or_default();
                let masked = fill(&mut json, &mut |text| Ok(Some(self.masked(text))));
                match masked.ok().and_then(|()| serde_json::from_value(json).ok()) {
                    Some(receipt) => Ok(receipt),
                    None => Ok(Receipt::default()),
                }
            }
        }
    }

    fn masked(&self, text: &str) -> String {
        self.0
            .iter()
            .filter(|secret| !secret.is_empty())
            .flat_map(|secret| forms(secret))
            .fold(text.to_owned(), |text, form| text.replace(&form, MASK))
    }
}

/// A secret as services echo it: as it is, in a URL, and in base64.
fn forms(secret: &str) -> [String; 3] {
    let in_url = secret
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    // Without its padding, which an echo may leave out.
    let encoded = STANDARD_NO_PAD.encode(secret);
    [secret.to_owned(), in_url, encoded]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ops::autoscaling;

    fn refresh(text: &str) -> Mutation {
        let longer = format!("{text} and more");
        Mutation::AutoScaling(autoscaling::Write::SuspendProcesses {
            group: text.to_owned(),
            processes: vec!["secret(env HOME)".to_owned(), longer],
        })
    }

    #[test]
    fn only_declared_places_are_filled_and_answers_are_masked() {
        let place = SecretRef::Asked("password".to_owned());
        let declared = BTreeSet::from([place.clone()]);
        let known = BTreeMap::from([(place.clone(), "hunter2".to_owned())]);
        let change = refresh("secret(asked for password)");
        let opened = open(change.clone(), &declared, &known).unwrap();
        let sent = serde_json::to_string(&opened.mutation).unwrap();
        assert!(sent.contains("\"hunter2\""), "{sent}");
        // Text that looks like a place is text, and so is a place inside a longer text.
        assert!(sent.contains("secret(env HOME)"), "{sent}");
        assert!(sent.contains("secret(asked for password) and more"), "{sent}");
        assert!(!format!("{:?}", opened.used).contains("hunter2"));
        let fault = Fault::new(FaultKind::Invalid, "x", "Y", "the password hunter2 is too short");
        let masked = opened.used.mask(Err(fault)).unwrap_err();
        assert_eq!(masked.message, "the password (secret) is too short");

        let echoes = "got https%3A%2F%2Fx%2Ft0k and aHR0cHM6Ly94L3Qwaw== and https://x/t0k";
        let used = Used(vec!["https://x/t0k".to_owned()]);
        assert_eq!(used.masked(echoes), "got (secret) and (secret)== and (secret)");

        let missing = open(change, &declared, &BTreeMap::new()).unwrap_err();
        assert_eq!(missing.kind, FaultKind::Invalid);
        assert!(
            missing.message.contains("secret(asked for password)"),
            "{missing}"
        );
    }

    #[test]
    fn a_plan_without_secrets_is_sent_as_it_is() {
        let change = refresh("secret(env HOME)");
        let opened = open(change.clone(), &BTreeSet::new(), &BTreeMap::new()).unwrap();
        assert_eq!((opened.mutation, opened.used), (change, Used::default()));
    }
}
