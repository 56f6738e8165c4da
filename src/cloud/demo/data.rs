//! What an estate consists of, as its file under `data/worlds/` says it. Unknown keys are errors;
//! a test reads every file.

pub mod ecs;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cloud::demo::selection::World;

/// One estate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estate {
    /// The account's twelve digits.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The Availability Zones in use.
    pub zones: Vec<String>,
    /// Whose session the console's credentials are.
    pub person: String,
    /// ECS clusters by name.
    #[serde(default)]
    pub clusters: Vec<String>,
    /// ECS services.
    #[serde(default)]
    pub services: Vec<ecs::Service>,
}

/// Tags as a file has them.
pub type Tags = BTreeMap<String, String>;

impl Estate {
    /// Reads the file that is compiled in. Fails only if that file is wrong, which a test excludes.
    pub fn of(world: World) -> Result<Self, serde_yaml::Error> {
        serde_yaml::from_str(match world {
            World::Fashion => include_str!("../../../data/worlds/fashion.yaml"),
            World::Codemate => include_str!("../../../data/worlds/codemate.yaml"),
            World::Ecg => include_str!("../../../data/worlds/ecg.yaml"),
            World::Ecommerce => include_str!("../../../data/worlds/ecommerce.yaml"),
            World::Invokeai => include_str!("../../../data/worlds/invokeai.yaml"),
        })
    }

    /// The ARN of a resource of this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_without_a_complaint() {
        for world in World::ALL {
            if let Err(error) = Estate::of(world) {
                panic!("{world}: {error}");
            }
        }
    }
}
