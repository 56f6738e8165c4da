//! What is remembered between reads because it hardly ever changes.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use crate::cloud::aws::clients::lock;
use crate::domain::ec2::InstanceTypeGpus;

/// How long the instance types of a launch template's version stand: `$Latest` moves.
const TEMPLATES: Duration = Duration::from_mins(10);

/// What is remembered of a thing that need not have what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recalled<T> {
    /// Nobody has asked yet, or not lately.
    Nothing,
    /// It has none.
    Without,
    /// It has this.
    With(T),
}

impl<T> Recalled<T> {
    fn of(kept: Option<&Option<T>>) -> Self
    where
        T: Clone,
    {
        match kept {
            None => Self::Nothing,
            Some(None) => Self::Without,
            Some(Some(value)) => Self::With(value.clone()),
        }
    }
}

/// A template by id or name, and one of its versions.
pub(super) type TemplateVersion = (String, String);

/// Remembered for all scopes: an instance type is the same hardware everywhere.
#[derive(Debug, Default)]
pub(super) struct Memory {
    gpus: Mutex<HashMap<String, Option<InstanceTypeGpus>>>,
}

impl Memory {
    /// The GPUs of a type.
    pub(super) fn gpus(&self, instance_type: &str) -> Recalled<InstanceTypeGpus> {
        Recalled::of(lock(&self.gpus).get(instance_type))
    }

    /// Keeps what a type has.
    pub(super) fn keep_gpus(&self, instance_type: String, gpus: Option<InstanceTypeGpus>) {
        lock(&self.gpus).insert(instance_type, gpus);
    }
}

/// Remembered for one scope.
#[derive(Debug, Default)]
pub(super) struct Templates(Mutex<HashMap<TemplateVersion, (Timestamp, Option<String>)>>);

impl Templates {
    /// The instance type that a template's version names.
    pub(super) fn instance_type(&self, version: &TemplateVersion, now: Timestamp) -> Recalled<String> {
        let kept = lock(&self.0);
        let kept = kept
            .get(version)
            .filter(|(asked_at, _)| now < *asked_at + TEMPLATES);
        Recalled::of(kept.map(|(_, instance_type)| instance_type))
    }

    /// Keeps what a template's version names.
    pub(super) fn keep(&self, version: TemplateVersion, instance_type: Option<String>, now: Timestamp) {
        lock(&self.0).insert(version, (now, instance_type));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_templates_type_is_asked_again_after_a_while() {
        let templates = Templates::default();
        let version = ("lt-1".to_owned(), "$Latest".to_owned());
        let then = Timestamp::UNIX_EPOCH;
        assert_eq!(templates.instance_type(&version, then), Recalled::Nothing);
        templates.keep(version.clone(), Some("g5.xlarge".to_owned()), then);
        assert_eq!(
            templates.instance_type(&version, then + Duration::from_secs(599)),
            Recalled::With("g5.xlarge".to_owned())
        );
        assert_eq!(
            templates.instance_type(&version, then + TEMPLATES),
            Recalled::Nothing
        );
        templates.keep(version.clone(), None, then);
        assert_eq!(templates.instance_type(&version, then), Recalled::Without);
    }
}
