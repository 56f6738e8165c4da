//! Node types of caches: which a cache may be changed to, and how they follow one another.

use serde::{Deserialize, Serialize};

/// The node types that a cache may be changed to, as AWS says.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ListAllowedNodeTypeModifications.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTypes {
    /// Those with more room.
    pub larger: Vec<String>,
    /// Those with less; whether the data would fit is not looked at.
    pub smaller: Vec<String>,
}

impl NodeTypes {
    /// The next larger one of the same family: of `cache.t4g.small` it is `cache.t4g.medium`. `None` if AWS
    /// allows none.
    pub fn next_larger(&self, current: &str) -> Option<&str> {
        let (family, rank) = place(current)?;
        self.larger
            .iter()
            .filter_map(|one| {
                let (of, at) = place(one)?;
                (of == family && at > rank).then_some((at, one.as_str()))
            })
            .min()
            .map(|(_, one)| one)
    }

    /// Whether a cache may be changed to that one.
    pub fn allows(&self, node_type: &str) -> bool {
        self.larger
            .iter()
            .chain(&self.smaller)
            .any(|one| one == node_type)
    }
}

/// Sizes below a multiple of `xlarge`, the least first.
const SIZES: [&str; 6] = ["nano", "micro", "small", "medium", "large", "xlarge"];

/// The family, and where the size stands in it: `cache.t4g` and 2 for `cache.t4g.small`.
fn place(node_type: &str) -> Option<(&str, usize)> {
    let (family, size) = node_type.rsplit_once('.')?;
    let rank = match size.strip_suffix("xlarge") {
        None | Some("") => SIZES.iter().position(|known| *known == size)?,
        Some(times) => SIZES.len() + times.parse::<usize>().ok()?,
    };
    Some((family, rank))
}

/// The memory that a node of a type has for data, GiB. What a parameter group reserves of it is not taken off.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html>
pub const MEMORY_GIB: [(&str, f64); 33] = [
    ("cache.t2.micro", 0.555),
    ("cache.t2.small", 1.55),
    ("cache.t2.medium", 3.22),
    ("cache.t3.micro", 0.5),
    ("cache.t3.small", 1.37),
    ("cache.t3.medium", 3.09),
    ("cache.t4g.micro", 0.5),
    ("cache.t4g.small", 1.37),
    ("cache.t4g.medium", 3.09),
    ("cache.m5.large", 6.38),
    ("cache.m5.xlarge", 12.93),
    ("cache.m5.2xlarge", 26.04),
    ("cache.m5.4xlarge", 52.26),
    ("cache.m6g.large", 6.38),
    ("cache.m6g.xlarge", 12.93),
    ("cache.m6g.2xlarge", 26.04),
    ("cache.m6g.4xlarge", 52.26),
    ("cache.m7g.large", 6.38),
    ("cache.m7g.xlarge", 12.93),
    ("cache.m7g.2xlarge", 26.04),
    ("cache.m7g.4xlarge", 52.26),
    ("cache.r5.large", 13.07),
    ("cache.r5.xlarge", 26.32),
    ("cache.r5.2xlarge", 52.82),
    ("cache.r5.4xlarge", 105.81),
    ("cache.r6g.large", 13.07),
    ("cache.r6g.xlarge", 26.32),
    ("cache.r6g.2xlarge", 52.82),
    ("cache.r6g.4xlarge", 105.81),
    ("cache.r7g.large", 13.07),
    ("cache.r7g.xlarge", 26.32),
    ("cache.r7g.2xlarge", 52.82),
    ("cache.r7g.4xlarge", 105.81),
];

/// The memory that a node has for data, GiB; `None` for types that are not known here.
pub fn memory_gib(node_type: &str) -> Option<f64> {
    let (_, gib) = MEMORY_GIB.iter().find(|(known, _)| *known == node_type)?;
    Some(*gib)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(larger: &[&str]) -> NodeTypes {
        NodeTypes {
            larger: larger.iter().map(|one| (*one).to_owned()).collect(),
            smaller: vec!["cache.t4g.micro".to_owned()],
        }
    }

    #[test]
    fn the_next_one_is_of_the_same_family() {
        let all = types(&[
            "cache.r6g.large",
            "cache.t3.medium",
            "cache.t4g.medium",
            "cache.t4g.large",
        ]);
        assert_eq!(all.next_larger("cache.t4g.small"), Some("cache.t4g.medium"));
        assert_eq!(all.next_larger("cache.m5.large"), None);
        let sizes = types(&["cache.r6g.12xlarge", "cache.r6g.4xlarge", "cache.r6g.2xlarge"]);
        assert_eq!(sizes.next_larger("cache.r6g.xlarge"), Some("cache.r6g.2xlarge"));
        assert_eq!(sizes.next_larger("cache.r6g.4xlarge"), Some("cache.r6g.12xlarge"));
        assert_eq!(sizes.next_larger("what"), None);
        assert!(sizes.allows("cache.t4g.micro") && !sizes.allows("cache.t4g.medium"));
    }

    #[test]
    fn memory_grows_with_the_size() {
        let small = memory_gib("cache.t4g.small").unwrap();
        assert!(memory_gib("cache.t4g.micro").unwrap() < small);
        assert!(memory_gib("cache.t4g.medium").unwrap() > small);
        assert_eq!(memory_gib("db.t4g.small"), None);
        assert_eq!(memory_gib("cache.r6gd.xlarge"), None);
    }
}
