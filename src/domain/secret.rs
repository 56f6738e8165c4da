//! Secrets Manager and Parameter Store: names, ages and rotation. Values are read nowhere.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A secret of Secrets Manager, without its value.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_SecretListEntry.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// The secret's ARN, which ends in six random characters after its name.
    pub arn: String,
    /// The secret's name.
    pub name: String,
    /// What its owners wrote about it; foreign text.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When its value or its settings were changed last.
    pub changed_at: Option<Timestamp>,
    /// The day on which somebody read its value last; `None` if nobody has.
    pub accessed_at: Option<Timestamp>,
    /// How it is rotated.
    pub rotation: Rotation,
    /// Since when it is scheduled for deletion.
    pub deleted_at: Option<Timestamp>,
    /// The service that manages it, such as `rds`.
    pub owner: Option<String>,
}

/// How a secret is rotated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Whether it is rotated by itself.
    pub enabled: bool,
    /// When it was rotated last.
    pub last_at: Option<Timestamp>,
    /// When it is to be rotated next.
    pub next_at: Option<Timestamp>,
    /// How many days lie between two rotations.
    pub every_days: Option<u32>,
    /// A version is staged as `AWSPENDING` and not as `AWSCURRENT`: a rotation runs, or broke off.
    pub pending: bool,
}

impl Rotation {
    /// Until when it should have been rotated again, where that is known.
    pub fn due_at(&self) -> Option<Timestamp> {
        if !self.enabled {
            return None;
        }
        let by_interval = || {
            let days = i64::from(self.every_days?);
            self.last_at?
                .saturating_add(SignedDuration::from_hours(24 * days))
                .ok()
        };
        self.next_at.or_else(by_interval)
    }
}

impl Secret {
    /// Whether a container's secret of a task definition comes from here: it names the ARN, perhaps
    /// with a JSON key and a version after it, or the ARN without its random characters.
    pub fn is_source(&self, source: &str) -> bool {
        let stem = self
            .arn
            .rsplit_once('-')
            .map_or(self.arn.as_str(), |(stem, _)| stem);
        let is = |whole: &str| {
            source
                .strip_prefix(whole)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        is(&self.arn) || is(stem) || is(&self.name)
    }
}

/// A parameter of Parameter Store, without its value.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterMetadata.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The parameter's ARN; its name where AWS gives none.
    pub arn: String,
    /// The parameter's name, such as `/shop/prod/url`.
    pub name: String,
    /// `String`, `StringList` or `SecureString`.
    pub form: String,
    /// `Standard` or `Advanced`, which costs.
    pub tier: Option<String>,
    /// The version in use.
    pub version: Option<i64>,
    /// When it was changed last.
    pub modified_at: Option<Timestamp>,
    /// Who changed it last.
    pub modified_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_definition_names_a_secret_in_several_ways() {
        let secret = Secret {
            arn: "arn:aws:secretsmanager:us-east-1:1:secret:shop/prod-db-AbCdEf".to_owned(),
            name: "shop/prod-db".to_owned(),
            description: None,
            created_at: None,
            changed_at: None,
            accessed_at: None,
            rotation: Rotation::default(),
            deleted_at: None,
            owner: None,
        };
        for source in [
            "arn:aws:secretsmanager:us-east-1:1:secret:shop/prod-db-AbCdEf",
            "arn:aws:secretsmanager:us-east-1:1:secret:shop/prod-db-AbCdEf:password::",
            "arn:aws:secretsmanager:us-east-1:1:secret:shop/prod-db",
            "shop/prod-db",
        ] {
            assert!(secret.is_source(source), "{source}");
        }
        for source in [
            "arn:aws:secretsmanager:us-east-1:1:secret:shop/prod-db-other-AbCdEf",
            "arn:aws:ssm:us-east-1:1:parameter/shop/prod-db",
            "shop/prod",
        ] {
            assert!(!secret.is_source(source), "{source}");
        }
    }

    #[test]
    fn rotation_is_due_by_its_date_or_by_its_interval() {
        let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let mut rotation = Rotation {
            enabled: true,
            last_at: Some(at(1)),
            next_at: None,
            every_days: Some(30),
            pending: false,
        };
        assert_eq!(rotation.due_at(), Some(at(31)));
        rotation.next_at = Some(at(20));
        assert_eq!(rotation.due_at(), Some(at(20)));
        rotation.enabled = false;
        assert_eq!(rotation.due_at(), None);
    }
}
