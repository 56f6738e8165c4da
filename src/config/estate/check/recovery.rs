//! Recovery objectives: lengths of time that make sense.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Check;
use crate::config::estate::file::RecoveryFile;
use crate::domain::diagnostic::quoted;
use crate::domain::document::Step;
use crate::domain::policy::{Objectives, Recovery};
use crate::domain::units::HumanDuration;

/// The longest objective that is not taken for a mistake.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

impl Check<'_> {
    pub(super) fn recovery(&mut self, file: Option<RecoveryFile>) -> Recovery {
        let Some(file) = file else {
            return Recovery::default();
        };
        let estate = Objectives {
            rto: self.objective(file.rto.as_deref(), &["recovery".into(), "rto".into()]),
            rpo: self.objective(file.rpo.as_deref(), &["recovery".into(), "rpo".into()]),
        };
        let mut databases = BTreeMap::new();
        for (name, own) in file.databases {
            let at = |key: &'static str| -> [Step<'_>; 4] {
                [
                    "recovery".into(),
                    "databases".into(),
                    name.as_str().into(),
                    key.into(),
                ]
            };
            let objectives = Objectives {
                rto: self.objective(own.rto.as_deref(), &at("rto")),
                rpo: self.objective(own.rpo.as_deref(), &at("rpo")),
            };
            databases.insert(name, objectives);
        }
        Recovery { estate, databases }
    }

    fn objective(&mut self, text: Option<&str>, steps: &[Step<'_>]) -> Option<SignedDuration> {
        let text = text?;
        let (message, advice) = match text.parse::<HumanDuration>() {
            Ok(HumanDuration(length)) if length > SignedDuration::ZERO && length <= LONGEST => {
                return Some(length);
            }
            Ok(_) => (
                format!("{} is no objective", quoted(text)),
                "more than 0s and at most 366d",
            ),
            Err(error) => (error.to_string(), "such as `15m`, `1h` or `24h`"),
        };
        self.report(self.error(steps, message).label(advice));
        None
    }
}
