//! Who the credentials are.

use jiff::{SignedDuration, Timestamp};

use super::super::{Estate, Settings};
use crate::domain::scope::Identity;

/// How long a session lasts, on the demo's clock.
const SESSION: SignedDuration = SignedDuration::from_hours(8);

/// The on-call session. It is renewed whenever it ends, as an SSO session is at a laptop.
pub fn identity(estate: &Estate, settings: &Settings, now: Timestamp) -> Identity {
    let age = now.duration_since(settings.epoch).as_secs().max(0);
    let sessions = age / SESSION.as_secs() + 1;
    let ends = settings.epoch.as_second() + sessions * SESSION.as_secs();
    Identity {
        account: estate.account.clone(),
        arn: format!(
            "arn:aws:sts::{}:assumed-role/oncall/{}",
            estate.account, estate.person
        ),
        credentials_expire_at: Timestamp::from_second(ends).ok(),
        server_time: Some(now),
    }
}
