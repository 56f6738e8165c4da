//! CloudFront: what is wrong in the caches, and what is being taken out of them.

use super::super::signal;
use super::super::time::{MINUTE, Ms, SECOND, part};
use super::super::track::Track;
use super::{Sim, Timer};

/// How long an invalidation takes to reach every edge location.
const REACHES_ALL: Ms = 70 * SECOND;

/// What is simulated of a distribution.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Share of requests that are answered with 5xx because of what is cached, percent.
    pub bad: Track,
    /// The path that is cached badly, while it is.
    pub stale: Option<String>,
    /// Invalidations, oldest first.
    pub invalidations: Vec<Invalidation>,
}

/// An invalidation.
#[derive(Debug, Clone)]
pub struct Invalidation {
    /// Its id.
    pub id: String,
    /// What whoever asked calls it.
    pub reference: String,
    /// Its paths.
    pub paths: Vec<String>,
    /// When it was asked for.
    pub created: Ms,
    /// When it has reached every edge location.
    pub completes: Ms,
}

impl Sim {
    /// Distributions whose caches are well.
    pub fn found_distributions(&mut self) {
        self.distributions = self
            .plan
            .distributions
            .iter()
            .map(|_| Distribution {
                bad: Track::new(0.0),
                stale: None,
                invalidations: Vec::new(),
            })
            .collect();
    }

    /// The id of a distribution.
    pub fn distribution_id(&self, index: usize) -> String {
        let name = &self.plan.distributions[index].name;
        let digits = signal::hex(&self.key(name, 4), 13).to_uppercase();
        format!("E{digits}")
    }

    /// The distribution of that id.
    pub fn find_distribution(&self, id: &str) -> Option<usize> {
        (0..self.plan.distributions.len()).find(|index| self.distribution_id(*index) == id)
    }

    /// A bad object is cached from now on.
    pub fn cache_badly(&mut self, index: usize, path: &str, percent: f64, at: Ms) {
        let state = &mut self.distributions[index];
        state.stale = Some(path.to_owned());
        state.bad.set(at, percent);
    }

    /// Takes objects out of the caches; the same reference again is the same invalidation.
    pub fn invalidate(&mut self, index: usize, paths: &[String], reference: &str, at: Ms) -> String {
        let known = self.distributions[index].invalidations.iter();
        if let Some(known) = known.clone().find(|known| known.reference == reference) {
            return known.id.clone();
        }
        let seed = [self.seed, signal::name(reference), part(at), index as u64];
        let id = format!("I{}", signal::hex(&seed, 13).to_uppercase());
        let completes = at + REACHES_ALL + signal::below(&seed, MINUTE);
        self.distributions[index].invalidations.push(Invalidation {
            id: id.clone(),
            reference: reference.to_owned(),
            paths: paths.to_vec(),
            created: at,
            completes,
        });
        self.set_timer(completes, Timer::Invalidated { distribution: index });
        id
    }

    /// What was invalidated has left every cache.
    pub fn note_invalidated(&mut self, index: usize, at: Ms) {
        let state = &mut self.distributions[index];
        let Some(stale) = &state.stale else { return };
        let done = state.invalidations.iter().filter(|one| one.completes <= at);
        if done.flat_map(|one| &one.paths).any(|path| covers(path, stale)) {
            state.stale = None;
            state.bad.set(at, 0.0);
        }
    }
}

/// Whether a path of an invalidation takes out an object.
fn covers(path: &str, object: &str) -> bool {
    match path.strip_suffix('*') {
        Some(prefix) => object.starts_with(prefix),
        None => path == object,
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_star_takes_everything_below_out() {
        assert!(covers("/*", "/_next/static/app.js"));
        assert!(covers("/_next/*", "/_next/static/app.js"));
        assert!(covers("/index.html", "/index.html"));
        assert!(!covers("/index.html", "/_next/static/app.js"));
        assert!(!covers("/images/*", "/_next/static/app.js"));
    }
}
