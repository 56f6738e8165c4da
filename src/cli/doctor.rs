//! `qd doctor`.

use jiff::Timestamp;

use crate::cli::global::Global;
use crate::cli::launch::{Launch, Place, Usage};
use crate::cli::preferences::Preferences;
use crate::domain::focus::Probing;
use crate::headless::doctor::{self, Machine, Reach};
use crate::headless::spend::Paid;
use crate::headless::{Exit, Out};

/// Runs it, whether or not it is clear what to ask AWS.
pub fn run(
    launch: Result<&Launch, Usage>,
    global: &Global,
    preferences: &Preferences,
    out: &Out,
) -> anyhow::Result<Exit> {
    let settings = &preferences.settings;
    let machine = Machine {
        environment: preferences.environment.clone(),
        state_dir: settings
            .state_dir
            .clone()
            .or_else(|| preferences.environment.state_dir()),
        settings_file: preferences.file.clone(),
        notices: preferences
            .notices
            .iter()
            .map(|notice| notice.headline.clone())
            .collect(),
        estate: settings.estate.clone(),
        demo: matches!(
            launch,
            Ok(Launch {
                place: Place::Demo { .. },
                ..
            })
        ),
        now: Timestamp::now(),
    };
    let probing = if global.no_probe {
        Probing::No
    } else {
        Probing::Yes
    };
    let reach = match launch {
        Ok(launch) => Reach::Job(Box::new(launch.job(Paid::Reuse))),
        Err(usage) => Reach::Unusable(usage.to_string()),
    };
    doctor::run(reach, &machine, probing, out)
}
