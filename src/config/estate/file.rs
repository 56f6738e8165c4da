//! An estate file as it is written: the types here are its format, and their doc comments are its
//! reference (the JSON schema and `docs/estate-file.md` are made from them).

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::domain::policy::{Limit, Setting, Side, Thresholds};

/// Version of the format.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only version so far.
    #[serde(rename = "quarterdeck/v1")]
    V1,
}

/// What a file describes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum Kind {
    /// An estate.
    Estate,
}

/// What the estate is for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentName {
    /// Customers use it: shown in the colour of production and read-only unless asked otherwise.
    Prod,
    /// A rehearsal of production.
    Staging,
    /// Developers use it.
    Dev,
}

/// What a person must do before a run changes the estate.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmName {
    /// What the runbook demands, and no more.
    None,
    /// At least agree to the plan.
    Ack,
    /// Type the name of the resource that suffers most.
    TypeName,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// An estate: which accounts and regions it lives in, what of them belongs to it, and what its
/// owners have decided about it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "quarterdeck estate")]
pub struct EstateFile {
    /// Version of this format.
    #[serde(rename = "apiVersion")]
    pub api_version: ApiVersion,
    /// What this file describes.
    pub kind: Kind,
    /// Name of the estate, as the header shows it and as it is typed to allow writes. Up to 40
    /// letters, digits, `-`, `_` and `.`.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub name: String,
    /// One line about the estate.
    pub description: Option<String>,
    /// What the estate is for.
    pub environment: EnvironmentName,
    /// Whether the console refuses writes until it is asked for them. Default: true for `prod`,
    /// false for the others.
    pub read_only: Option<bool>,
    /// IANA name of the zone in which times are shown and business hours lie, such as `Asia/Seoul`.
    /// Default: `UTC`.
    pub time_zone: Option<String>,
    /// The accounts and regions that the estate lives in.
    #[schemars(length(min = 1))]
    pub scopes: Vec<ScopeFile>,
    /// What of these accounts belongs to the estate. Default: everything.
    pub select: Option<SelectFile>,
    /// What the estate may cost, and what it costs beside AWS.
    pub budget: Option<BudgetFile>,
    /// Values from which on the health rules complain, where they differ from the defaults.
    #[schemars(schema_with = "thresholds_schema")]
    #[serde(default)]
    pub thresholds: BTreeMap<String, ThresholdFile>,
    /// Findings that are known and accepted until a date.
    #[serde(default)]
    pub accept: Vec<AcceptFile>,
    /// Sizes at night of Auto Scaling groups, by name of the group.
    #[serde(default)]
    pub night_capacity: BTreeMap<String, NightFile>,
    /// Which queue holds the work of which workers.
    #[serde(default)]
    pub queues: Vec<QueueFile>,
    /// The least that a person must do before any run changes this estate. Runbooks may demand
    /// more, never less. Default: `none`.
    pub confirm: Option<ConfirmName>,
    /// CloudWatch alarms, by name, that tell whether customers are served. The shipped runbooks that change
    /// what serves watch them: one that begins to fire during a run stops it and has it taken back.
    #[serde(default)]
    pub guard_alarms: Vec<String>,
    /// Name of an SSM document of your own that prints what nvidia-smi says, for hosts on which
    /// `AWS-RunShellScript` is not allowed. Default: the built-in probe.
    pub probe_document: Option<String>,
    /// Log groups at the top of the logs pane, by name or pattern.
    #[serde(default)]
    pub log_groups: Vec<String>,
    /// When people are at work. A backup or maintenance window inside is worth a warning.
    pub business_hours: Option<HoursFile>,
    /// How much may be lost, and how long being back may take.
    pub recovery: Option<RecoveryFile>,
}

/// One account and region, and how to reach it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeFile {
    /// Name of the scope on screen and in JSON. Default: `<profile>/<region>`.
    pub name: Option<String>,
    /// Profile of the AWS configuration. Default: the usual credential chain, `AWS_PROFILE` included.
    pub profile: Option<String>,
    /// Region, such as `ap-northeast-2`.
    pub region: String,
    /// Role to assume with these credentials, an ARN.
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$"))]
    pub role_arn: Option<String>,
    /// External id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// ARN or serial number of the MFA device; the console then asks for its code.
    pub mfa_serial: Option<String>,
    /// The account that this must turn out to be, 12 digits in quotes. Anything else is refused.
    #[schemars(regex(pattern = r"^\d{12}$"))]
    pub account: Option<String>,
    /// What people call that account, its alias for example. Shown beside the number where something is
    /// confirmed; nothing relies on it.
    pub account_name: Option<String>,
}

/// What belongs to the estate: whatever matches one of these. In a pattern `*` stands for any run of
/// characters and `?` for one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectFile {
    /// Patterns for names of ECS and EKS clusters; all that runs in them belongs to the estate.
    #[serde(default)]
    pub clusters: Vec<String>,
    /// Patterns for names of resources of any kind.
    #[serde(default)]
    pub names: Vec<String>,
    /// Tags of resources of any kind: a pattern for the value, or several.
    #[serde(default)]
    pub tags: BTreeMap<String, OneOrMore>,
}

/// One text, or a list of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

/// What the estate may cost, in US dollars.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetFile {
    /// What a calendar month may cost, fixed costs included, US dollars.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub monthly_usd: Option<f64>,
    /// Monthly costs that AWS does not know, such as AI APIs.
    #[serde(default)]
    pub fixed_costs: Vec<FixedCostFile>,
    /// AWS credits that the estate lives on.
    pub credits: Option<CreditsFile>,
    /// The cost allocation tag that tells the estate's part of the bill. It has to be activated in the
    /// billing console, and counts from that day on.
    pub cost_tag: Option<CostTagFile>,
}

/// A cost allocation tag.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostTagFile {
    /// The tag's key, such as `Project`.
    pub key: String,
    /// The estate's value of it. Default: the one under `select.tags` if it has no pattern, else the
    /// name of the estate.
    pub value: Option<String>,
}

/// A monthly cost that AWS does not know.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedCostFile {
    /// What it is for.
    pub name: String,
    /// US dollars per calendar month.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub monthly_usd: f64,
}

/// AWS credits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditsFile {
    /// US dollars that there were at the start.
    #[schemars(range(min = 1.0, max = 1e9))]
    pub amount_usd: f64,
    /// The first day on which they could be spent, such as `2026-07-01`. Without it only what this month
    /// has used is known.
    #[schemars(extend("format" = "date"))]
    pub since: Option<String>,
    /// The last day on which they can be spent, such as `2027-06-30`.
    #[schemars(extend("format" = "date"))]
    pub until: Option<String>,
}

/// A threshold: two levels for most, one number for some.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum ThresholdFile {
    /// A plain number.
    Value(f64),
    /// A warning level and a critical one; the one left out keeps its default.
    Levels {
        /// Where a warning begins.
        warn: Option<f64>,
        /// Where it becomes critical.
        crit: Option<f64>,
    },
}

/// A finding that is known and accepted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptFile {
    /// Id of the rule, such as `rds.single-az-prod`, or a pattern for several.
    pub rule: String,
    /// Name or id of the resource, or a pattern for several.
    #[serde(rename = "match")]
    pub subject: String,
    /// Why it is acceptable.
    pub reason: String,
    /// The last day of the acceptance, such as `2026-12-31`. Nothing is accepted for ever.
    #[schemars(extend("format" = "date"))]
    pub until: String,
}

/// The size of a group at night.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NightFile {
    /// Least number of instances.
    #[schemars(range(max = 10_000))]
    pub min: u32,
    /// Number of instances that should run, at least `min`.
    #[schemars(range(max = 10_000))]
    pub desired: u32,
}

/// A queue whose length says how much work there is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueFile {
    /// Name of the SQS queue.
    pub queue: String,
    /// Auto Scaling groups and ECS services that work on it, by name.
    #[schemars(length(min = 1))]
    pub feeds: Vec<String>,
}

/// When people are at work, in the estate's zone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursFile {
    /// The days. Default: Monday to Friday.
    pub days: Option<Vec<Day>>,
    /// When the day begins, such as `09:00`.
    #[schemars(regex(pattern = r"^([01]\d|2[0-3]):[0-5]\d$"))]
    pub from: String,
    /// When the day ends, after `from`.
    #[schemars(regex(pattern = r"^([01]\d|2[0-3]):[0-5]\d$"))]
    pub to: String,
}

/// Recovery objectives: of every database and cluster of the estate, and of single ones.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryFile {
    /// Recovery time objective: how long it may take until data can be used again, such as `1h`.
    pub rto: Option<String>,
    /// Recovery point objective: how much of what was written last may be lost, such as `15m`.
    pub rpo: Option<String>,
    /// Where single databases, clusters or caches differ, by name. What is left out is as for the
    /// estate. Caches are only judged if they are named here.
    #[serde(default)]
    pub databases: BTreeMap<String, ObjectivesFile>,
}

/// Recovery objectives of one database, cluster or cache.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectivesFile {
    /// How long it may take until its data can be used again, such as `30m`.
    pub rto: Option<String>,
    /// How much of what was written last may be lost, such as `5m`.
    pub rpo: Option<String>,
}

/// The keys of `thresholds`, made from the one declaration of the thresholds.
fn thresholds_schema(_: &mut SchemaGenerator) -> Schema {
    let properties: serde_json::Map<String, serde_json::Value> = Thresholds::ALL
        .iter()
        .map(|threshold| {
            let about = threshold.about.split_whitespace().collect::<Vec<_>>();
            let about = format!("{} Unit: {}.", about.join(" "), threshold.unit);
            let number = |what: &str, default: f64| {
                serde_json::json!({
                    "description": what,
                    "type": "number",
                    "minimum": threshold.min,
                    "maximum": threshold.max,
                    "default": default,
                })
            };
            let schema = match threshold.default {
                Setting::Value(default) => number(&about, default),
                Setting::Limit(limit) => levels_schema(&about, limit, number),
            };
            (threshold.name.to_owned(), schema)
        })
        .collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn levels_schema(
    about: &str,
    limit: Limit,
    number: impl Fn(&str, f64) -> serde_json::Value,
) -> serde_json::Value {
    let side = match limit.side {
        Side::Above => "and above",
        Side::Below => "and below",
    };
    serde_json::json!({
        "description": about,
        "type": "object",
        "properties": {
            "warn": number(&format!("A warning from here {side}."), limit.warn),
            "crit": number(&format!("Critical from here {side}."), limit.crit),
        },
        "additionalProperties": false,
    })
}
