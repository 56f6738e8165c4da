//! Changes of CloudFront.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>

use super::super::sim::Sim;
use super::{Refusal, record};
use crate::domain::distribution::bad_path;
use crate::domain::fault::Fault;
use crate::domain::ops::cloudfront::Write;

/// Paths and wildcards that may be in progress at a time.
const MOST_PATHS: usize = 3000;
const MOST_WILDCARDS: usize = 15;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let Write::CreateInvalidation {
        distribution,
        paths,
        reference,
    } = write;
    let index = sim
        .find_distribution(distribution)
        .ok_or_else(|| refuse.absent("NoSuchDistribution", "The specified distribution does not exist."))?;
    if paths.is_empty() || paths.iter().any(|path| bad_path(path).is_some()) {
        return Err(refuse.invalid(
            "InvalidArgument",
            "Your request contains one or more invalid invalidation paths.",
        ));
    }
    let known = &sim.distributions[index].invalidations;
    let same = known.iter().find(|known| known.reference == *reference);
    if same.is_some_and(|known| known.paths != *paths) {
        return Err(refuse.conflict(
            "InvalidationBatchAlreadyExists",
            "An invalidation batch with that caller reference and other paths exists already.",
        ));
    }
    if same.is_none() {
        let open = known.iter().filter(|known| known.completes > sim.now);
        let all: Vec<&String> = open.flat_map(|known| &known.paths).chain(paths).collect();
        let wildcards = all.iter().filter(|path| path.ends_with('*')).count();
        if all.len() > MOST_PATHS || wildcards > MOST_WILDCARDS {
            return Err(refuse.conflict(
                "TooManyInvalidationsInProgress",
                "Processing your request will cause you to exceed the maximum number of in-progress \
                 wildcard invalidations.",
            ));
        }
    }
    let now = sim.now;
    let id = sim.invalidate(index, paths, reference, now);
    record(sim, refuse, &[distribution]);
    Ok(Some(id))
}
