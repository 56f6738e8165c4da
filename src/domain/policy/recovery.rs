//! Recovery objectives: how much may be lost, and how long being back may take.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What a disaster may cost. What is `None` nobody has decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objectives {
    /// Recovery time objective: how long it may take until the data can be used again; more than 0.
    pub rto: Option<SignedDuration>,
    /// Recovery point objective: how much of what was written last may be lost; more than 0.
    pub rpo: Option<SignedDuration>,
}

impl Objectives {
    /// Whether nobody has decided anything.
    pub const fn is_empty(&self) -> bool {
        self.rto.is_none() && self.rpo.is_none()
    }
}

/// The recovery objectives of an estate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Of every database and cluster, caches excepted.
    pub estate: Objectives,
    /// Of single databases, clusters and caches by name, where they differ.
    pub databases: BTreeMap<String, Objectives>,
}

impl Recovery {
    /// Whether nobody has decided anything.
    pub fn is_empty(&self) -> bool {
        self.estate.is_empty() && self.databases.values().all(Objectives::is_empty)
    }

    /// What was decided for a database by name: its own, and the estate's where that says nothing.
    pub fn of(&self, name: &str) -> Objectives {
        let own = self.named(name).unwrap_or_default();
        Objectives {
            rto: own.rto.or(self.estate.rto),
            rpo: own.rpo.or(self.estate.rpo),
        }
    }

    /// What was decided for it alone.
    pub fn named(&self, name: &str) -> Option<Objectives> {
        self.databases.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_says_nothing_of_is_as_for_the_estate() {
        let minutes = |minutes| Some(SignedDuration::from_mins(minutes));
        let recovery = Recovery {
            estate: Objectives {
                rto: minutes(60),
                rpo: minutes(15),
            },
            databases: BTreeMap::from([(
                "shop-db".to_owned(),
                Objectives {
                    rto: None,
                    rpo: minutes(5),
                },
            )]),
        };
        let own = recovery.of("shop-db");
        assert_eq!((own.rto, own.rpo), (minutes(60), minutes(5)));
        assert_eq!(recovery.of("other"), recovery.estate);
        assert_eq!(recovery.named("other"), None);
        assert!(!recovery.is_empty());
        assert!(Recovery::default().is_empty());
    }
}
