//! The page itself: from the status document to Markdown.

mod fields;
mod spend;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::domain::changes::Change;
use crate::domain::counted::counted;
use crate::domain::health::Severity;
use crate::domain::markdown::{code, inline, table};
use crate::domain::units::HumanDuration;
use crate::headless::amount;
use crate::headless::status::document::{FindingEntry, RecoveryEntry, Status};
use crate::headless::table::UNKNOWN;

/// What the page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The estate's name, or what else is looked at.
    pub title: String,
    /// What it is for: `prod`, `demo`, …; empty if nobody said.
    pub environment: String,
}

/// Everything that a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What it is about.
    pub heading: &'a Heading,
    /// What is.
    pub status: &'a Status,
    /// What changed lately, newest first.
    pub changes: &'a [Change],
    /// The zone of times, and its name.
    pub zone: &'a (TimeZone, String),
}

/// Rows of one table; what is left out is counted.
const MOST_ROWS: usize = 25;

/// What stands under the table of recovery.
const LEEWAY: &str = "Five minutes are allowed on top of an RPO, since the newest moment that AWS can restore \
    stands still between two logs; one that is met by them alone says so, as in `5m+5m met`.\n\n";

/// Columns of a kind's table, where all of its fields would be too many or in the wrong order: a field, or
/// the way to one inside others. Kinds that are not here show their first plain fields.
const COLUMNS: [(&str, &[&str]); 22] = [
    (
        "ecs-service",
        &[
            "cluster",
            "running",
            "desired",
            "pending",
            "task_definition",
            "rollout",
        ],
    ),
    (
        "asg",
        &["in_service", "desired", "min", "max", "suspended_processes"],
    ),
    ("ec2-instance", &["type", "state", "az", "purchase", "asg"]),
    (
        "gpu",
        &[
            "product",
            "util_percent",
            "mem_used_mib",
            "mem_total_mib",
            "temp_c",
            "idle",
        ],
    ),
    ("gpu-host", &["asg", "probe", "cards", "detail"]),
    (
        "rds-instance",
        &[
            "status",
            "engine",
            "engine_version",
            "class",
            "multi_az",
            "cpu_percent",
            "connections",
            "free_storage_gib",
        ],
    ),
    ("rds-cluster", &["status", "engine", "engine_version", "multi_az"]),
    (
        "redis",
        &[
            "kind",
            "status",
            "node_type",
            "nodes",
            "cpu_percent",
            "memory_percent",
            "evictions",
        ],
    ),
    ("target-group", &["load_balancer", "healthy", "unhealthy"]),
    (
        "load-balancer",
        &[
            "state",
            "requests_per_minute",
            "errors_5xx_per_minute",
            "latency_p95_s",
        ],
    ),
    ("alarm", &["state", "since", "reason"]),
    ("queue", &["visible", "in_flight", "oldest_s"]),
    ("log-group", &["retention_days", "stored_bytes"]),
    (
        "nat-gateway",
        &[
            "state",
            "vpc",
            "bytes_out_per_hour",
            "bytes_in_per_hour",
            "usd_per_month",
        ],
    ),
    (
        "distribution",
        &[
            "aliases",
            "status",
            "requests_per_minute",
            "errors_5xx_percent",
            "errors_4xx_percent",
            "cache_hit_percent",
        ],
    ),
    (
        "sagemaker-endpoint",
        &[
            "status",
            "variants/name",
            "variants/current",
            "variants/desired",
            "variants/errors_5xx_per_minute",
            "variants/latency_p95_s",
            "cost_usd_per_hour",
        ],
    ),
    (
        "ecr-repository",
        &[
            "image_count",
            "size_bytes",
            "immutable",
            "scans_on_push",
            "images/0/tags",
            "images/0/scan",
        ],
    ),
    (
        "lambda",
        &[
            "runtime",
            "invocations_per_minute",
            "errors_per_minute",
            "throttles_per_minute",
            "duration_p95_ms",
            "timeout_s",
            "event_sources/behind_s",
        ],
    ),
    (
        "secret",
        &["rotation_enabled", "rotated_at", "next_rotation_at", "changed_at"],
    ),
    (
        "bucket",
        &[
            "region",
            "bytes",
            "objects",
            "growth_bytes_per_day",
            "access",
            "versioning",
            "storage_usd_per_month",
        ],
    ),
    (
        "scalable-target",
        &["namespace", "min", "max", "policies/metric", "policies/target"],
    ),
    ("pipeline", &["stage", "status", "since", "change"]),
];

/// Fields that a resource has only for the page: of a pipeline the stage that matters, AWS's word for how it
/// stands, since when, and the newest change.
fn with_told(kind: &str, resource: &Value) -> Value {
    let mut told = resource.clone();
    let (Value::Object(fields), "pipeline") = (&mut told, kind) else {
        return told;
    };
    let list = |of: Option<&Value>| of.and_then(Value::as_array).cloned().unwrap_or_default();
    let stages = list(resource.get("stages"));
    let is_open = |stage: &&Value| {
        let status = stage.get("status").and_then(Value::as_str);
        !matches!(status, Some("Succeeded") | None)
    };
    let stage = stages.iter().find(is_open).or_else(|| stages.last());
    // An instant in UTC sorts as text.
    let since = stage.and_then(|stage| {
        let actions = list(stage.get("actions"));
        let moments = actions
            .iter()
            .filter_map(|action| action.get("changed_at")?.as_str());
        moments.max().map(str::to_owned)
    });
    let of_stage = |field: &str| {
        stage
            .and_then(|stage| stage.get(field))
            .cloned()
            .unwrap_or_default()
    };
    let executions = list(resource.get("executions"));
    let change = executions.first().map(|newest| {
        let text = |field: &str| newest.get(field).and_then(Value::as_str).unwrap_or_default();
        let commit: String = text("commit").chars().take(7).collect();
        let message = text("message").lines().next().unwrap_or_default();
        format!("{commit} {message}").trim().to_owned()
    });
    fields.insert("stage".to_owned(), of_stage("name"));
    fields.insert("status".to_owned(), of_stage("status"));
    fields.insert("since".to_owned(), since.into());
    fields.insert("change".to_owned(), change.into());
    told
}

/// Columns of a kind of which nothing is said above.
const USUAL_COLUMNS: usize = 6;

/// Writes the page.
///
/// # Errors
/// If the document cannot be serialised, which would be a mistake of ours.
pub fn write(page: &Page<'_>) -> serde_json::Result<String> {
    let mut out = String::new();
    page.head(&mut out);
    page.findings(&mut out);
    page.recovery(&mut out);
    page.resources(&mut out)?;
    page.spend(&mut out);
    page.changes(&mut out);
    page.unread(&mut out);
    out.push_str(&format!(
        "---\n\n_quarterdeck {}, {} API calls, ${:.2} of paid ones_\n",
        env!("CARGO_PKG_VERSION"),
        page.status.api.calls,
        page.status.api.paid_usd
    ));
    Ok(out)
}

/// `- ` and a line.
fn item(out: &mut String, line: &str) {
    out.push_str("- ");
    out.push_str(line);
    out.push('\n');
}

/// A section with a table; nothing without rows.
fn section(out: &mut String, title: &str, titles: &[&str], mut rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    out.push_str(&format!("{title}\n\n{}", table(titles, &rows)));
    if left_out > 0 {
        out.push_str(&format!("\n_and {left_out} more_\n"));
    }
    out.push('\n');
}

fn or_unknown(value: Option<String>) -> String {
    value.unwrap_or_else(|| UNKNOWN.to_owned())
}

fn span(seconds: Option<i64>) -> String {
    or_unknown(seconds.map(|seconds| HumanDuration::from_secs(seconds).to_string()))
}

fn usd(amount: Option<f64>) -> String {
    or_unknown(amount.map(amount::usd))
}

impl Page<'_> {
    /// A moment in the page's zone and in UTC.
    fn moment(&self, at: Timestamp) -> String {
        let there = at.to_zoned(self.zone.0.clone());
        let utc = at.to_zoned(TimeZone::UTC);
        if there.offset() == utc.offset() {
            return utc.strftime("%Y-%m-%d %H:%M UTC").to_string();
        }
        let of_utc = if there.date() == utc.date() {
            utc.strftime("%H:%M UTC")
        } else {
            utc.strftime("%Y-%m-%d %H:%M UTC")
        };
        format!(
            "{} {} ({of_utc})",
            there.strftime("%Y-%m-%d %H:%M"),
            inline(&self.zone.1)
        )
    }

    /// The same, shorter: for rows whose page says the zone.
    fn short(&self, at: Timestamp) -> String {
        let (there, now) = (
            at.to_zoned(self.zone.0.clone()),
            self.status.at.to_zoned(self.zone.0.clone()),
        );
        let form = if there.date() == now.date() {
            "%H:%M"
        } else {
            "%m-%d %H:%M"
        };
        there.strftime(form).to_string()
    }

    fn head(&self, out: &mut String) {
        let open = |severity| {
            let findings = self.status.findings.iter();
            findings
                .filter(|one| one.accepted.is_none() && one.severity == severity)
                .count()
        };
        let environment = match self.heading.environment.as_str() {
            "" => String::new(),
            word => format!(" ({})", inline(word)),
        };
        out.push_str(&format!(
            "# {}{environment}: {} critical, {} warnings\n\n",
            inline(&self.heading.title),
            open(Severity::Crit),
            open(Severity::Warn)
        ));
        item(
            out,
            &format!(
                "At {}; times below are {}",
                self.moment(self.status.at),
                inline(&self.zone.1)
            ),
        );
        for scope in &self.status.scopes {
            if let Some(other) = &scope.same_as {
                item(
                    out,
                    &format!("{}: the same place as {}", inline(&scope.name), inline(other)),
                );
                continue;
            }
            let account = scope.account.as_deref().unwrap_or("unknown");
            item(
                out,
                &format!(
                    "{}: account {account}, {}",
                    inline(&scope.name),
                    inline(&scope.region)
                ),
            );
        }
        let unread = self.status.errors.len();
        if unread > 0 {
            item(
                out,
                &format!("**Incomplete:** {unread} things could not be read, see the end"),
            );
        }
        out.push('\n');
    }

    fn findings(&self, out: &mut String) {
        let row = |finding: &FindingEntry| {
            vec![
                match finding.severity {
                    Severity::Crit => "**CRIT**".to_owned(),
                    Severity::Warn => "WARN".to_owned(),
                    Severity::Info => "info".to_owned(),
                },
                format!("{} {}", finding.kind, inline(&finding.label)),
                inline(&finding.title),
                or_unknown(finding.since.map(|at| self.short(at))),
                finding
                    .evidence
                    .iter()
                    .map(|line| inline(line))
                    .collect::<Vec<_>>()
                    .join(" "),
                finding
                    .runbooks
                    .iter()
                    .map(|name| code(name))
                    .collect::<Vec<_>>()
                    .join(", "),
            ]
        };
        // What could be saved is no fault, and stands apart as it does on the screen.
        let (savings, open): (Vec<&FindingEntry>, Vec<&FindingEntry>) = self
            .status
            .findings
            .iter()
            .filter(|finding| finding.accepted.is_none())
            .partition(|finding| finding.saves_usd_per_month.is_some());
        let open: Vec<Vec<String>> = open.into_iter().map(row).collect();
        if open.is_empty() {
            out.push_str("## Findings\n\nNothing is known to be wrong.\n\n");
        }
        section(
            out,
            "## Findings",
            &["SEVERITY", "WHERE", "WHAT", "SINCE", "WHY", "RUNBOOKS"],
            open,
        );
        let accepted = self.status.findings.iter().filter_map(|finding| {
            let why = finding.accepted.as_deref()?;
            Some(vec![
                format!("{} {}", finding.kind, inline(&finding.label)),
                inline(&finding.title),
                inline(why),
            ])
        });
        section(
            out,
            "### Accepted",
            &["WHERE", "WHAT", "BECAUSE"],
            accepted.collect(),
        );
        let saving = |finding: &&FindingEntry| row(finding).into_iter().skip(1).collect::<Vec<_>>();
        section(
            out,
            "## Possible savings",
            &["WHERE", "WHAT", "SINCE", "WHY", "RUNBOOKS"],
            savings.iter().map(saving).collect(),
        );
    }

    fn recovery(&self, out: &mut String) {
        let verdict = |wanted: Option<i64>, met: Option<bool>, leeway: Option<i64>| {
            let word = match (wanted, met) {
                (None, _) => return "none".to_owned(),
                (Some(_), Some(true)) => "met",
                (Some(_), Some(false)) => "**missed**",
                (Some(_), None) => "unproven",
            };
            let leeway = leeway.map_or_else(String::new, |more| format!("+{}", span(Some(more))));
            format!("{}{leeway} {word}", span(wanted))
        };
        let row = |entry: &RecoveryEntry| {
            let restore = match (&entry.last_restore, entry.estimated_restore_s) {
                (Some(last), _) => format!("{} ({})", span(Some(last.ready_s)), code(&last.run)),
                (None, Some(estimate)) => format!("about {}, by another", span(Some(estimate))),
                (None, None) => UNKNOWN.to_owned(),
            };
            vec![
                format!("{} {}", entry.kind, inline(&entry.name)),
                span(entry.exposure_s),
                verdict(entry.rpo_s, entry.rpo_met, entry.rpo_leeway_s),
                restore,
                verdict(entry.rto_s, entry.rto_met, None),
                or_unknown(
                    entry
                        .newest_snapshot
                        .as_ref()
                        .map(|snapshot| self.short(snapshot.at)),
                ),
                match entry.backup_days {
                    0 => "off".to_owned(),
                    days => counted(days, "day"),
                },
            ]
        };
        section(
            out,
            "## Recovery",
            &[
                "WHERE",
                "LOST NOW",
                "RPO",
                "RESTORE TOOK",
                "RTO",
                "SNAPSHOT",
                "BACKUPS",
            ],
            self.status.recovery.iter().map(row).collect(),
        );
        if self.status.recovery.iter().any(|entry| entry.rpo_s.is_some()) {
            out.push_str(LEEWAY);
        }
    }

    fn resources(&self, out: &mut String) -> serde_json::Result<()> {
        let Value::Object(kinds) = serde_json::to_value(&self.status.resources)? else {
            return Ok(());
        };
        let several = self
            .status
            .scopes
            .iter()
            .filter(|scope| scope.same_as.is_none())
            .count()
            > 1;
        let mut written = false;
        for (kind, resources) in &kinds {
            let Value::Array(resources) = resources else {
                continue;
            };
            let resources: Vec<Value> = resources.iter().map(|one| with_told(kind, one)).collect();
            let Some(first) = resources.first() else { continue };
            if !written {
                out.push_str("## State\n\n");
                written = true;
            }
            let shown = columns(kind, first);
            let titles: Vec<String> = shown.iter().map(|field| fields::title(field)).collect();
            let mut all = vec!["HEALTH", "NAME"];
            all.extend(titles.iter().map(String::as_str));
            if several {
                all.push("SCOPE");
            }
            let mut sorted: Vec<&Value> = resources.iter().collect();
            sorted.sort_by_key(|resource| rank(resource));
            let rows = sorted.into_iter().map(|resource| {
                let mut row = vec![health(resource), self.cell(resource.get("name"))];
                row.extend(shown.iter().map(|field| self.field(resource, field)));
                if several {
                    row.push(self.cell(resource.get("scope")));
                }
                row
            });
            let title = format!("### {kind}, {}", resources.len());
            section(out, &title, &all, rows.collect());
        }
        Ok(())
    }

    /// A field by its path; several of a list are joined.
    fn field(&self, resource: &Value, path: &str) -> String {
        let values = fields::at(resource, path);
        if values.is_empty() {
            return UNKNOWN.to_owned();
        }
        let each = values.into_iter().map(|value| match fields::bytes(path, value) {
            Some(bytes) => bytes,
            None => self.cell(Some(value)),
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn cell(&self, value: Option<&Value>) -> String {
        match value {
            None | Some(Value::Null) => UNKNOWN.to_owned(),
            Some(Value::Bool(true)) => "yes".to_owned(),
            Some(Value::Bool(false)) => "no".to_owned(),
            Some(Value::Number(number)) => fields::number(number),
            Some(Value::String(text)) => match text.parse::<Timestamp>() {
                Ok(at) => self.short(at),
                Err(_) => inline(text),
            },
            Some(Value::Array(items)) => {
                let items: Vec<String> = items.iter().map(|item| self.cell(Some(item))).collect();
                items.join(", ")
            }
            Some(Value::Object(fields)) if fields.is_empty() => "none".to_owned(),
            Some(Value::Object(fields)) => {
                let fields = fields.iter();
                let each: Vec<String> = fields
                    .map(|(name, value)| format!("{} {}", inline(name), self.cell(Some(value))))
                    .collect();
                each.join(", ")
            }
        }
    }

    fn changes(&self, out: &mut String) {
        let rows = self.changes.iter().map(|change| {
            vec![
                self.short(change.at),
                change.word.as_str().to_owned(),
                inline(&change.what),
                or_unknown(change.who.as_deref().map(inline)),
            ]
        });
        section(
            out,
            "## What changed in the last two hours",
            &["AT", "SORT", "WHAT", "WHO"],
            rows.collect(),
        );
    }

    fn unread(&self, out: &mut String) {
        let rows = self.status.errors.iter().map(|error| {
            vec![
                inline(&error.scope),
                error.kind.to_owned(),
                or_unknown(error.operation.as_deref().map(code)),
                format!("{} {}", inline(&error.code), inline(&error.message)),
                inline(&error.hint),
            ]
        });
        section(
            out,
            "## What could not be read",
            &["SCOPE", "KIND", "OPERATION", "ERROR", "WHAT TO DO"],
            rows.collect(),
        );
    }
}

/// Which of a kind's fields are shown.
fn columns<'a>(kind: &str, first: &'a Value) -> Vec<&'a str> {
    let Value::Object(fields) = first else {
        return Vec::new();
    };
    let known = COLUMNS.iter().find(|(name, _)| *name == kind);
    match known {
        Some((_, columns)) => columns
            .iter()
            .copied()
            .filter(|column| fields.contains_key(column.split('/').next().unwrap_or(column)))
            .collect(),
        None => fields
            .iter()
            .filter(|(name, value)| {
                !matches!(
                    name.as_str(),
                    "id" | "name" | "scope" | "health" | "reasons" | "arn"
                ) && !matches!(value, Value::Array(_) | Value::Object(_))
            })
            .map(|(name, _)| name.as_str())
            .take(USUAL_COLUMNS)
            .collect(),
    }
}

/// Worst first, then in the document's order.
fn rank(resource: &Value) -> u8 {
    match resource.get("health").and_then(Value::as_str) {
        Some("crit") => 0,
        Some("warn") => 1,
        Some("unknown") => 2,
        _ => 3,
    }
}

fn health(resource: &Value) -> String {
    match resource.get("health").and_then(Value::as_str) {
        Some("crit") => "**crit**".to_owned(),
        Some(word) => word.to_owned(),
        None => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests;
