//! An estate as its documents describe it: text to [`Profile`].

use serde::Deserialize;

use super::part::Part;
use crate::domain::units::Usd;

/// The schema that this version reads.
const SCHEMA: &str = "quarterdeck.estimate/1";

/// The descriptions that ship.
const SHIPPED: [&str; 7] = [
    include_str!("../../../data/estimates/codemate-dev.json"),
    include_str!("../../../data/estimates/codemate-prod.json"),
    include_str!("../../../data/estimates/ecg.json"),
    include_str!("../../../data/estimates/ecommerce.json"),
    include_str!("../../../data/estimates/ecommerce-reserved.json"),
    include_str!("../../../data/estimates/ecommerce-least.json"),
    include_str!("../../../data/estimates/invokeai.json"),
];

/// Why a description was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// It is not JSON, or not of the schema's shape; the text names line and column.
    #[error("estimate: {0}")]
    Syntax(String),
    /// It is of another schema.
    #[error("estimate: schema {0:?}, expected {SCHEMA:?}")]
    Schema(String),
}

/// An estate as its documents describe it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    schema: String,
    /// A short name, such as `codemate-dev`.
    pub name: String,
    /// A title.
    pub title: String,
    /// The region that it is in.
    pub region: String,
    /// The document's total, US dollars a month.
    pub total_usd: Usd,
    /// What is to be known of the total.
    #[serde(default)]
    pub(super) total_because: Option<String>,
    pub(super) items: Vec<Item>,
    #[serde(default)]
    pub(super) savings: Vec<Item>,
    #[serde(default)]
    pub(super) rates: Vec<Item>,
}

impl Profile {
    /// Reads one description.
    ///
    /// # Errors
    /// If it is not JSON of the schema `quarterdeck.estimate/1`.
    pub fn parse(text: &str) -> Result<Self, EstimateError> {
        let profile: Self =
            serde_json::from_str(text).map_err(|error| EstimateError::Syntax(error.to_string()))?;
        if profile.schema == SCHEMA {
            Ok(profile)
        } else {
            Err(EstimateError::Schema(profile.schema))
        }
    }
}

/// The descriptions that ship, in the order of the page.
///
/// # Errors
/// If one of them is broken, which a test excludes.
pub fn profiles() -> Result<Vec<Profile>, EstimateError> {
    SHIPPED.into_iter().map(Profile::parse).collect()
}

/// An item of a cost table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) document_usd: Usd,
    #[serde(default)]
    pub(super) document_usd_most: Option<Usd>,
    /// The document's own price of one unit, where it gives one.
    #[serde(default)]
    pub(super) document_rate: Option<Usd>,
    /// How many units it multiplies that with.
    #[serde(default)]
    pub(super) document_quantity: Option<u64>,
    #[serde(default)]
    pub(super) listed: Listed,
    #[serde(default)]
    pub(super) parts: Vec<Part>,
    /// What is taken off again: of a saving, what is paid instead.
    #[serde(default)]
    pub(super) less: Vec<Part>,
    #[serde(default)]
    pub(super) assuming: Option<String>,
    #[serde(default)]
    pub(super) off: Option<Off>,
    #[serde(default)]
    pub(super) because: Option<String>,
}

impl Item {
    /// That the arithmetic is off, if the document's own price times its quantity is not its amount.
    pub(super) fn own_arithmetic(&self) -> Option<Off> {
        let computed = self.document_rate? * self.document_quantity?;
        let holds = super::is_within_a_tenth(computed, self.document_usd, None);
        (!holds).then_some(Off::Arithmetic)
    }
}

/// Whether AWS publishes a price for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "bool")]
pub(super) enum Listed {
    #[default]
    Yes,
    No,
}

impl From<bool> for Listed {
    fn from(listed: bool) -> Self {
        if listed { Self::Yes } else { Self::No }
    }
}

/// What of a document's amount is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Off {
    Price,
    Arithmetic,
}
