//! From flags to what runs: scopes, clocks, the cloud. The only place that chooses between AWS
//! and the demo.

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::state::{Environment, Setup, WriteState, Zone, default_bindings};
use crate::cli::global::Global;
use crate::cloud::Cloud;
use crate::cloud::demo::{self, Demo, MemoryLog, Scenario, Worlds};
use crate::config::keys::Keymap;
use crate::console::session::{MakeCloud, Session};
use crate::engine::clock::{Clocks, ScaledClock, SystemClock};
use crate::engine::host::EngineHost;
use crate::view::styles::Styles;

/// A session of the console, as the flags want it.
pub fn console(global: &Global) -> anyhow::Result<Session> {
    let worlds = worlds(global)?;
    let epoch = Timestamp::now();
    let scenario = match &global.scenario {
        Some(name) => name.parse().context("--scenario")?,
        None => Scenario::Everyday,
    };
    let clocks = Clocks {
        cloud: Arc::new(ScaledClock::new(epoch, global.speed)),
        wall: Arc::new(SystemClock),
    };
    let settings = demo::Settings {
        worlds,
        scenario,
        seed: global.seed,
        epoch,
    };
    let cloud: MakeCloud = Box::new(move |host: Arc<EngineHost>| {
        let demo = Demo::new(host, settings, Box::new(MemoryLog::default()))?;
        Ok(Arc::new(demo) as Arc<dyn Cloud>)
    });
    Ok(Session {
        setup: Setup {
            estate: Some(demo::estate_name(worlds).to_owned()),
            environment: Environment::Demo,
            write: WriteState::ReadWrite,
            zones: vec![Zone {
                label: "UTC".to_owned(),
                zone: TimeZone::UTC,
            }],
            monthly_budget: None,
            keymap: Keymap::build(&default_bindings()),
            themes: vec!["quarterdeck".to_owned()],
        },
        styles: Styles::ansi(),
        scopes: demo::scopes(worlds).into_iter().map(Arc::new).collect(),
        clocks,
        assess: Arc::new(|_, _| Vec::new()),
        cloud,
        in_tmux: std::env::var_os("TMUX").is_some(),
    })
}

fn worlds(global: &Global) -> anyhow::Result<Worlds> {
    match global.demo.as_deref() {
        None => anyhow::bail!("only --demo is there in this build"),
        Some("all") => Ok(Worlds::All),
        Some(name) => Ok(Worlds::One(name.parse().context("--demo")?)),
    }
}
