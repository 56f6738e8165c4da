//! Instance refreshes: a group's instances replaced, a few at a time, by others of the same or another
//! version of its launch template.

use super::super::signal;
use super::super::time::{HOUR, Ms, SECOND, iso};
use super::group::Lifecycle;
use super::{Sim, Timer};
use crate::domain::asg::{RefreshSettings, Spared};

/// How many versions every launch template has; groups begin with the newest.
pub const VERSIONS: u32 = 3;
/// How often a refresh looks whether it can go on.
const STEP: Ms = 20 * SECOND;
/// How long it waits for protected instances.
const PATIENCE: Ms = HOUR;

/// An instance refresh.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub state: State,
    /// What AWS says of that.
    pub reason: Option<String>,
    /// When it began.
    pub started: Ms,
    /// When it ended.
    pub ended: Option<Ms>,
    /// The launch template's version that it brings.
    pub to: Option<u32>,
    /// How it goes about it.
    pub settings: RefreshSettings,
    /// Instances that it has to replace, those that it has done with included.
    pub wanted: Vec<String>,
    /// How many of them are left.
    pub left: u32,
    /// Since when nothing but protected instances is left.
    pub stuck_since: Option<Ms>,
}

/// Where a refresh is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    InProgress,
    Successful,
    Failed,
    Cancelling,
    Cancelled,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl State {
    /// AWS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
            Self::RollbackInProgress => "RollbackInProgress",
            Self::RollbackSuccessful => "RollbackSuccessful",
            Self::RollbackFailed => "RollbackFailed",
        }
    }

    /// Whether it is still under way.
    pub const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::InProgress | Self::Cancelling | Self::RollbackInProgress
        )
    }

    /// Whether it still goes forward.
    pub const fn is_forward(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

impl Refresh {
    /// How much is done, percent.
    pub fn percent(&self) -> u32 {
        let all = self.wanted.len() as u32;
        ((all - self.left.min(all)) * 100).checked_div(all).unwrap_or(100)
    }
}

impl Sim {
    /// The refresh of a group that is under way.
    pub fn active_refresh(&mut self, index: usize) -> Option<&mut Refresh> {
        self.groups[index]
            .refreshes
            .last_mut()
            .filter(|refresh| refresh.state.is_active())
    }

    /// Begins a refresh and gives its id.
    pub fn start_refresh(
        &mut self,
        index: usize,
        settings: &RefreshSettings,
        to: Option<u32>,
        at: Ms,
    ) -> String {
        let name = self.plan.groups[index].name.clone();
        let number = self.groups[index].refreshes.len() as u64;
        let id = signal::uuid(&[self.seed, signal::name(&name), number, 31]);
        let group = &mut self.groups[index];
        let same = to.is_none_or(|to| to == group.template);
        let wanted: Vec<String> = group
            .members
            .iter()
            .filter(|member| member.lifecycle == Lifecycle::InService)
            .filter(|_| !(settings.skip_matching && same))
            .map(|member| member.id.clone())
            .collect();
        let empties_pool = !(settings.skip_matching && same);
        group.refreshes.push(Refresh {
            id: id.clone(),
            state: State::Pending,
            reason: None,
            started: at,
            ended: None,
            to,
            settings: settings.clone(),
            left: wanted.len() as u32,
            wanted,
            stuck_since: None,
        });
        self.set_timer(at + STEP, Timer::Refresh { group: index });
        if empties_pool {
            self.empty_pool(index, at);
        }
        id
    }

    /// What stands prepared is replaced too: it was made as the group was before.
    fn empty_pool(&mut self, index: usize, at: Ms) {
        let prepared: Vec<String> = self.groups[index]
            .members
            .iter()
            .filter(|member| member.lifecycle == Lifecycle::Warmed)
            .map(|member| member.id.clone())
            .collect();
        for id in prepared {
            let cause = format!(
                "At {} an instance of the warm pool was replaced in response to an instance refresh.",
                iso(at)
            );
            self.terminate_member(index, &id, cause, at);
        }
    }

    /// Has the refresh that is under way replace again what it has replaced.
    pub fn roll_refresh_back(&mut self, index: usize, at: Ms) {
        let group = &mut self.groups[index];
        let Some(refresh) = group.refreshes.last_mut() else {
            return;
        };
        let wanted: Vec<String> = group
            .members
            .iter()
            .filter(|member| matches!(member.lifecycle, Lifecycle::InService | Lifecycle::Pending))
            .filter(|member| !refresh.wanted.contains(&member.id))
            .map(|member| member.id.clone())
            .collect();
        refresh.state = State::RollbackInProgress;
        refresh.reason = Some(format!("User initiated rollback at {}", iso(at)));
        refresh.left = wanted.len() as u32;
        refresh.wanted = wanted;
        refresh.stuck_since = None;
        self.set_timer(at + STEP, Timer::Refresh { group: index });
    }

    /// Takes a refresh a step further.
    pub fn step_refresh(&mut self, index: usize, at: Ms) {
        if self.groups[index].suspended.contains_key("InstanceRefresh") {
            self.set_timer(at + STEP, Timer::Refresh { group: index });
            return;
        }
        let Some(refresh) = self.active_refresh(index) else {
            return;
        };
        match refresh.state {
            State::Pending => refresh.state = State::InProgress,
            State::Cancelling => return self.end_refresh(index, State::Cancelled, None, at),
            State::InProgress | State::RollbackInProgress => self.replace_some(index, at),
            State::Successful
            | State::Failed
            | State::Cancelled
            | State::RollbackSuccessful
            | State::RollbackFailed => return,
        }
        if self.active_refresh(index).is_some() {
            self.set_timer(at + STEP, Timer::Refresh { group: index });
        }
    }

    fn replace_some(&mut self, index: usize, at: Ms) {
        let group = &self.groups[index];
        let Some(refresh) = group.refreshes.last() else {
            return;
        };
        let spared = refresh.settings.spared;
        let mut left = Vec::new();
        let mut held = 0;
        for id in &refresh.wanted {
            let Some(member) = group
                .members
                .iter()
                .find(|member| &member.id == id && member.lifecycle != Lifecycle::Terminating)
            else {
                continue;
            };
            match (member.protected, spared) {
                (true, Spared::Ignore) => {}
                (true, Spared::Wait) => held += 1,
                (true, Spared::Replace) | (false, _) => left.push(id.clone()),
            }
        }
        let in_service = group.count(|member| member.lifecycle == Lifecycle::InService);
        let settled = in_service == group.desired
            && group.count(|member| matches!(member.lifecycle, Lifecycle::Pending | Lifecycle::Terminating))
                == 0;
        let healthy = refresh.settings.min_healthy_percent.min(100);
        let batch = (group.desired * (100 - healthy) / 100).max(1) as usize;
        let back = refresh.state == State::RollbackInProgress;
        let stuck_since = refresh.stuck_since;
        let count = left.len() as u32 + held;
        if let Some(refresh) = self.active_refresh(index) {
            refresh.left = count;
            refresh.stuck_since = (left.is_empty() && held > 0).then(|| stuck_since.unwrap_or(at));
        }
        if stuck_since.is_some_and(|since| at - since >= PATIENCE) {
            let reason = "An instance refresh cannot replace instances that are protected from scale-in.";
            let end = if back {
                State::RollbackFailed
            } else {
                State::Failed
            };
            return self.end_refresh(index, end, Some(reason), at);
        }
        if !settled || (left.is_empty() && held > 0) {
            return;
        }
        if left.is_empty() {
            let end = if back {
                State::RollbackSuccessful
            } else {
                State::Successful
            };
            return self.end_refresh(index, end, None, at);
        }
        for id in left.iter().take(batch) {
            let cause = format!(
                "At {} an instance was taken out of service in response to an instance refresh.",
                iso(at)
            );
            self.terminate_member(index, id, cause, at);
        }
        self.reconcile_group(index, at);
    }

    fn end_refresh(&mut self, index: usize, state: State, reason: Option<&str>, at: Ms) {
        let group = &mut self.groups[index];
        let Some(refresh) = group.refreshes.last_mut() else {
            return;
        };
        refresh.state = state;
        refresh.ended = Some(at);
        refresh.reason = reason.map(str::to_owned).or(refresh.reason.take());
        if state == State::Successful {
            group.template = refresh.to.unwrap_or(group.template);
        }
    }
}
