//! Which resources of an account belong to an estate.

use serde::{Deserialize, Serialize};

use crate::domain::glob::Glob;

/// A tag that a resource must have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFilter {
    /// The key, exactly.
    pub key: String,
    /// Any of these values; none means any value at all.
    pub values: Vec<Glob>,
}

impl TagFilter {
    fn matches(&self, key: &str, value: &str) -> bool {
        self.key == key && (self.values.is_empty() || self.values.iter().any(|glob| glob.matches(value)))
    }
}

/// What belongs to an estate: whatever matches *one* of the patterns or tags. The empty selection,
/// which is the default, takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// ECS and EKS clusters with all that runs in them.
    pub clusters: Vec<Glob>,
    /// Resources of any kind by name.
    pub names: Vec<Glob>,
    /// Resources of any kind by tag.
    pub tags: Vec<TagFilter>,
}

/// How much of a cluster has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterPart {
    /// Every service: the whole cluster is selected, or a service may be by its tags.
    Everything,
    /// Services whose names are selected.
    Named,
    /// None.
    Nothing,
}

impl Selection {
    /// Whether nothing is selected in particular, so that everything is.
    pub fn is_everything(&self) -> bool {
        self.clusters.is_empty() && self.names.is_empty() && self.tags.is_empty()
    }

    /// Whether a cluster belongs to the estate by its name.
    pub fn includes_cluster(&self, cluster: &str) -> bool {
        self.is_everything() || matches_any(&self.clusters, cluster) || self.includes_name(cluster)
    }

    /// How much of a cluster has to be looked at to find what of it belongs to the estate.
    pub fn part_of_cluster(&self, cluster: &str) -> ClusterPart {
        if self.includes_cluster(cluster) || !self.tags.is_empty() {
            ClusterPart::Everything
        } else if self.names.is_empty() {
            ClusterPart::Nothing
        } else {
            ClusterPart::Named
        }
    }

    /// Whether a resource belongs to the estate by its name alone.
    pub fn includes_name(&self, name: &str) -> bool {
        self.is_everything() || matches_any(&self.names, name)
    }

    /// Whether a resource belongs to the estate by its name or by one of its tags.
    pub fn includes<'a>(&self, name: &str, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        self.includes_name(name)
            || tags
                .into_iter()
                .any(|(key, value)| self.tags.iter().any(|filter| filter.matches(key, value)))
    }
}

fn matches_any(globs: &[Glob], name: &str) -> bool {
    globs.iter().any(|glob| glob.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection() -> Selection {
        Selection {
            clusters: vec![Glob::new("codemate-cluster")],
            names: vec![Glob::new("codemate-*")],
            tags: vec![
                TagFilter {
                    key: "Project".to_owned(),
                    values: vec![Glob::new("codemate")],
                },
                TagFilter {
                    key: "codemate".to_owned(),
                    values: Vec::new(),
                },
            ],
        }
    }

    #[test]
    fn the_empty_selection_takes_everything() {
        let all = Selection::default();
        assert!(all.is_everything());
        assert!(all.includes_name("x") && all.includes_cluster("x") && all.includes("x", []));
    }

    #[test]
    fn one_matching_pattern_or_tag_is_enough() {
        let selection = selection();
        assert!(selection.includes_name("codemate-db-prod"));
        assert!(!selection.includes_name("db"));
        assert!(selection.includes("db", [("Project", "codemate")]));
        assert!(selection.includes("db", [("codemate", "anything")]));
        assert!(!selection.includes("db", [("project", "codemate")]));
        assert!(!selection.includes("db", [("Project", "codemate-2")]));
    }

    #[test]
    fn clusters_that_nothing_can_be_selected_in_are_not_looked_at() {
        let mut selection = selection();
        assert_eq!(selection.part_of_cluster("web"), ClusterPart::Everything);
        selection.tags.clear();
        assert_eq!(selection.part_of_cluster("web"), ClusterPart::Named);
        assert_eq!(
            selection.part_of_cluster("codemate-cluster"),
            ClusterPart::Everything
        );
        selection.names.clear();
        assert_eq!(selection.part_of_cluster("web"), ClusterPart::Nothing);
        assert_eq!(
            Selection::default().part_of_cluster("web"),
            ClusterPart::Everything
        );
    }

    #[test]
    fn a_cluster_is_found_by_either_list() {
        let selection = selection();
        assert!(selection.includes_cluster("codemate-cluster"));
        assert!(selection.includes_cluster("codemate-cluster-dev"));
        assert!(!selection.includes_cluster("invokeai-cluster"));
    }
}
