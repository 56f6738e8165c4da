//! Thresholds that differ from their defaults.

use std::collections::BTreeMap;

use super::Check;
use crate::config::estate::file::ThresholdFile;
use crate::domain::document::Value;
use crate::domain::policy::{Limit, Setting, SettingError, Side, Threshold, Thresholds};

impl Check<'_> {
    pub(super) fn thresholds(&mut self, files: &BTreeMap<String, ThresholdFile>) -> Thresholds {
        let mut thresholds = Thresholds::default();
        for declared in Thresholds::ALL {
            let Some(file) = files.get(declared.name) else {
                continue;
            };
            let setting = match (declared.default, *file) {
                (Setting::Limit(default), ThresholdFile::Levels { warn, crit }) => Setting::Limit(Limit {
                    warn: warn.unwrap_or(default.warn),
                    crit: crit.unwrap_or(default.crit),
                    side: default.side,
                }),
                (_, ThresholdFile::Value(number)) => Setting::Value(number),
                (other @ Setting::Value(_), ThresholdFile::Levels { .. }) => other,
            };
            if let Err(error) = thresholds.set(declared.name, setting) {
                self.threshold_error(declared, setting, error);
            }
        }
        thresholds
    }

    fn threshold_error(&mut self, declared: &Threshold, setting: Setting, error: SettingError) {
        let (SettingError::Order, Setting::Limit(limit)) = (error, setting) else {
            // Names, kinds and ranges are part of the shape, which has been checked.
            let steps = ["thresholds".into(), declared.name.into()];
            self.report(self.error(&steps, error.to_string()));
            return;
        };
        let entry = self.root.get("thresholds").and_then(|all| all.get(declared.name));
        let origin = |key: &str| {
            let given =
                entry.is_some_and(|entry| entry.get(key).is_some_and(|node| node.value != Value::Null));
            if given { "" } else { " (the default)" }
        };
        let order = match limit.side {
            Side::Above => "warn must not be above crit",
            Side::Below => "warn must not be below crit",
        };
        let message = format!(
            "warn {}{} lies beyond crit {}{}",
            limit.warn,
            origin("warn"),
            limit.crit,
            origin("crit")
        );
        let about = declared.about.trim().trim_end_matches('.');
        self.report(
            self.error(&["thresholds".into(), declared.name.into()], message)
                .note(format!("{order}; {}: {about}", declared.name)),
        );
    }
}
