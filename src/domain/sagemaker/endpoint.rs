//! Endpoints, their variants, and the configurations that they were made from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;

/// An endpoint with what serves behind it.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The endpoint's ARN.
    pub arn: String,
    /// The endpoint's name.
    pub name: String,
    /// `InService`, `Updating`, `RollingBack`, `Failed`, `UpdateRollbackFailed`, …
    pub status: String,
    /// Why its creation or its last update failed; foreign text. AWS keeps it while an update that was
    /// rolled back is the last one.
    pub failure_reason: Option<String>,
    /// The name of the configuration that serves now.
    pub config: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was changed last.
    pub changed_at: Option<Timestamp>,
    /// What serves.
    pub variants: Vec<Variant>,
    /// The update under way, where there is one.
    pub pending: Option<PendingDeployment>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// An update that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingDeployment {
    /// The configuration that it brings.
    pub config: String,
    /// When it began.
    pub since: Option<Timestamp>,
}

/// A share of an endpoint: one model on instances of one type, or on none of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// The variant's name.
    pub name: String,
    /// Its model; `None` if its configuration could not be read, or names none.
    pub model: Option<String>,
    /// What it runs on.
    pub capacity: Capacity,
    /// Its share of the traffic, as a weight among those of the other variants.
    pub weight: Option<f64>,
    /// The weight that it is on its way to.
    pub desired_weight: Option<f64>,
    /// What it goes through: `Creating`, `Updating`, `ActivatingTraffic`, `Baking`, … with AWS's words.
    pub phase: Option<String>,
}

/// What a variant runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// Instances, paid by the hour.
    Instances {
        /// The type, such as `ml.g4dn.xlarge`; `None` if the configuration could not be read.
        instance_type: Option<String>,
        /// How many serve.
        current: Option<u32>,
        /// How many are wanted.
        desired: Option<u32>,
    },
    /// Serverless, paid by use.
    Serverless(Serverless),
}

/// The size of a serverless variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serverless {
    /// Memory, MiB.
    pub memory_mib: Option<u32>,
    /// Requests at a time.
    pub max_concurrency: Option<u32>,
    /// Of these kept warm, which is paid by the hour.
    pub provisioned: Option<u32>,
}

/// A configuration from which endpoints are made. It never changes.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpointConfig.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointConfig {
    /// The configuration's name.
    pub name: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Its variants.
    pub variants: Vec<ConfigVariant>,
}

/// A variant as a configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigVariant {
    /// The variant's name.
    pub name: String,
    /// Its model, by name.
    pub model: Option<String>,
    /// The instance type; `None` for a serverless one.
    pub instance_type: Option<String>,
}

impl Endpoint {
    /// A variant by name.
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Whether it changes now, so that AWS refuses to change it.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.status.as_str(),
            "Creating" | "Updating" | "SystemUpdating" | "RollingBack" | "Deleting"
        )
    }

    /// Whether it answers requests.
    pub fn serves(&self) -> bool {
        matches!(
            self.status.as_str(),
            "InService" | "Updating" | "SystemUpdating" | "RollingBack" | "UpdateRollbackFailed"
        )
    }

    /// Whether its last update was taken back by AWS.
    pub fn was_rolled_back(&self) -> bool {
        self.status == "InService" && self.failure_reason.is_some()
    }
}

impl Variant {
    /// The instance type, where it has instances and that is known.
    pub fn instance_type(&self) -> Option<&str> {
        match &self.capacity {
            Capacity::Instances { instance_type, .. } => instance_type.as_deref(),
            Capacity::Serverless(_) => None,
        }
    }

    /// Instances that serve and are wanted; `None` without instances, or where AWS does not say.
    pub fn counts(&self) -> Option<(u32, u32)> {
        match self.capacity {
            Capacity::Instances { current, desired, .. } => Some((current?, desired?)),
            Capacity::Serverless(_) => None,
        }
    }
}

impl EndpointConfig {
    /// A variant by name.
    pub fn variant(&self, name: &str) -> Option<&ConfigVariant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Whether its variants have the names of the endpoint's.
    pub fn fits(&self, endpoint: &Endpoint) -> bool {
        self.variants.len() == endpoint.variants.len()
            && endpoint
                .variants
                .iter()
                .all(|variant| self.variant(&variant.name).is_some())
    }

    /// Whether it was made for the endpoint, as far as names tell: AWS keeps no history of an
    /// endpoint. Its variants fit, and it or its models are versions of what serves now.
    pub fn belongs_to(&self, endpoint: &Endpoint) -> bool {
        let is_version = stem(&self.name) == stem(&endpoint.config);
        let has_models = endpoint.variants.iter().all(|variant| {
            let own = self.variant(&variant.name);
            match (own.and_then(|own| own.model.as_deref()), variant.model.as_deref()) {
                (Some(own), Some(serving)) => stem(own) == stem(serving),
                _ => false,
            }
        });
        self.fits(endpoint) && (is_version || (has_models && !endpoint.variants.is_empty()))
    }
}

/// A name without the version at its end: `render-v12`, `render-20261121`, `render-2026-11-21-03-00-11`
/// and `render-3f2a9c1` are all versions of `render`.
pub fn stem(name: &str) -> &str {
    let mut rest = name;
    while let Some((before, last)) = rest.rsplit_once(['-', '.', '_']) {
        let digits = last.strip_prefix(['v', 'V', 'r']).unwrap_or(last);
        let is_number = !digits.is_empty() && digits.chars().all(|one| one.is_ascii_digit());
        let is_hash = last.len() >= 7
            && last.chars().all(|one| one.is_ascii_hexdigit())
            && last.chars().any(|one| one.is_ascii_digit());
        if before.is_empty() || !(is_number || is_hash) {
            break;
        }
        rest = before;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(config: &str, model: &str) -> Endpoint {
        Endpoint {
            arn: "arn:aws:sagemaker:ap-northeast-2:1:endpoint/render".to_owned(),
            name: "render".to_owned(),
            status: "InService".to_owned(),
            failure_reason: None,
            config: config.to_owned(),
            created_at: None,
            changed_at: None,
            variants: vec![Variant {
                name: "AllTraffic".to_owned(),
                model: Some(model.to_owned()),
                capacity: Capacity::Instances {
                    instance_type: None,
                    current: Some(1),
                    desired: Some(1),
                },
                weight: Some(1.0),
                desired_weight: Some(1.0),
                phase: None,
            }],
            pending: None,
            tags: Vec::new(),
        }
    }

    fn config(name: &str, variant: &str, model: Option<&str>) -> EndpointConfig {
        EndpointConfig {
            name: name.to_owned(),
            created_at: None,
            variants: vec![ConfigVariant {
                name: variant.to_owned(),
                model: model.map(str::to_owned),
                instance_type: None,
            }],
        }
    }

    #[test]
    fn versions_share_a_stem_and_plain_words_are_none() {
        for name in [
            "render",
            "render-v12",
            "render-12",
            "render-2026-11-21-03-00-11",
            "render-3f2a9c1",
        ] {
            assert_eq!(stem(name), "render", "{name}");
        }
        assert_eq!(stem("avatar-facade"), "avatar-facade", "no digit, so a word");
        assert_eq!(stem("-7"), "-7");
    }

    #[test]
    fn a_configuration_belongs_by_name_or_by_model_and_only_if_its_variants_fit() {
        let serving = endpoint("render-v3", "unet-v9");
        assert!(config("render-v2", "AllTraffic", None).belongs_to(&serving));
        assert!(config("other-name", "AllTraffic", Some("unet-v8")).belongs_to(&serving));
        assert!(!config("other-name", "AllTraffic", Some("vae-v8")).belongs_to(&serving));
        assert!(!config("other-name", "AllTraffic", None).belongs_to(&serving));
        assert!(!config("render-v2", "Blue", Some("unet-v8")).belongs_to(&serving));
    }

    #[test]
    fn an_update_that_aws_took_back_is_told_from_one_that_went_well() {
        let mut one = endpoint("render-v3", "unet-v9");
        assert!(!one.was_rolled_back() && one.serves() && !one.is_busy());
        one.failure_reason = Some("alarm".to_owned());
        assert!(one.was_rolled_back());
        one.status = "RollingBack".to_owned();
        assert!(!one.was_rolled_back() && one.is_busy() && one.serves());
    }
}
