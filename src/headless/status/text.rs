//! The status as a person reads it: what is wrong first, then what there is.

mod delivery;
mod edge;
mod recovery;
mod sections;

use std::fmt::Write;

use crate::domain::health::{Health, Severity};
use crate::domain::ids::Kind;
use crate::headless::out::{Detail, Page};
use crate::headless::paint::Tone;
use crate::headless::spend;
use crate::headless::status::document::{ApiUse, ErrorEntry, ScopeEntry, Status};
use crate::headless::table::{Cell, Column, Table, UNKNOWN, wrapped};

/// The whole status.
pub fn text(status: &Status, page: &Page) -> String {
    let mut out = headline(status, page);
    push(&mut out, &findings(status, page));
    push(&mut out, &sections::resources(status, page));
    push(&mut out, &recovery::recovery(status, page));
    if let Some(spend) = &status.spend {
        push(&mut out, &spend::text::summary(spend, page));
    }
    push(&mut out, &errors(&status.errors, page));
    push(&mut out, &api(&status.api));
    out
}

/// Adds a part after an empty line, if there is anything in it.
pub fn push(out: &mut String, part: &str) {
    if !part.is_empty() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(part);
    }
}

/// A title and a table below it; nothing if the table has no rows.
pub fn section(title: &str, table: &Table, page: &Page) -> String {
    if table.is_empty() {
        return String::new();
    }
    let title = page.paint.apply(Tone::Strong, title);
    format!("{title}\n{}", table.render(page.width, page.paint))
}

/// When, and which accounts and regions.
pub fn scopes(scopes: &[ScopeEntry], at: jiff::Timestamp, page: &Page) -> String {
    let when = at
        .to_zoned(page.zone.0.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string();
    let mut table = Table::new([
        Column::words("SCOPE", 12),
        Column::fixed("ACCOUNT"),
        Column::fixed("REGION"),
        Column::words("WHO", 12).sheds(1),
    ]);
    for scope in scopes {
        let who = match (&scope.same_as, &scope.arn) {
            (Some(other), _) => Cell::new(format!("the same as {other}")).tone(Tone::Muted),
            (None, arn) => Cell::of(arn.as_deref().map(who)),
        };
        table.row([
            Cell::new(&scope.name),
            Cell::of(scope.account.as_deref()),
            Cell::new(&scope.region),
            who,
        ]);
    }
    format!("{when} {}\n{}", page.zone.1, table.render(page.width, page.paint))
}

/// The part of a caller's ARN that tells who it is: `assumed-role/oncall/alice` → `oncall/alice`.
fn who(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    resource.strip_prefix("assumed-role/").unwrap_or(resource)
}

fn headline(status: &Status, page: &Page) -> String {
    let mut out = scopes(&status.scopes, status.at, page);
    let count = |severity| {
        status
            .findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.accepted.is_none())
            .filter(|finding| finding.saves_usd_per_month.is_none())
            .count()
    };
    let accepted = status
        .findings
        .iter()
        .filter(|finding| finding.accepted.is_some())
        .count();
    let paint = |many: usize, word: &str, tone| {
        let text = format!("{many} {word}");
        page.paint.apply(if many > 0 { tone } else { Tone::Muted }, &text)
    };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "\n{}  {}  {}",
        paint(count(Severity::Crit), "CRIT", Tone::Crit),
        paint(count(Severity::Warn), "WARN", Tone::Warn),
        paint(count(Severity::Info), "INFO", Tone::Plain),
    );
    if accepted > 0 {
        let _ = write!(out, "  ({accepted} accepted)");
    }
    out.push('\n');
    out
}

/// A word that needs no colour to be understood.
pub fn health(health: Health) -> Cell {
    let word = match health {
        Health::Ok => "ok",
        Health::Unknown => "?",
        Health::Warn => "WARN",
        Health::Crit => "CRIT",
    };
    Cell::new(word).tone(health.into())
}

fn findings(status: &Status, page: &Page) -> String {
    let several = status.scopes.len() > 1;
    let mut table = Table::new([
        Column::fixed("SEV"),
        Column::fixed("KIND").sheds(1),
        Column::words("NAME", 16),
        Column::words("WHAT", 28),
        Column::fixed("SINCE").sheds(2),
        Column::words("RUNBOOK", 12).sheds(3),
        Column::words("SCOPE", 10).sheds(4),
        Column::words("RULE", 10).sheds(5),
        Column::words("ACCEPTED", 10).sheds(6),
    ]);
    let all = page.detail == Detail::All;
    for finding in &status.findings {
        // Savings are in `qd spend`: nothing is wrong.
        if finding.saves_usd_per_month.is_some() || (finding.accepted.is_some() && !all) {
            continue;
        }
        let when = finding.since.map(|since| page.time(since, status.at));
        table.row([
            Cell::new(finding.severity.word().to_uppercase()).tone(finding.severity.into()),
            Cell::new(match finding.kind.parse::<Kind>() {
                Ok(kind) if !all => kind.short(),
                Ok(_) | Err(_) => finding.kind,
            }),
            Cell::new(&finding.label),
            Cell::new(&finding.title),
            Cell::new(when.unwrap_or_default()),
            Cell::new(finding.runbooks.first().map_or("", String::as_str)),
            Cell::new(if several { &finding.scope } else { "" }),
            Cell::new(if all { &finding.rule } else { "" }),
            Cell::new(finding.accepted.as_deref().unwrap_or_default()),
        ]);
    }
    let title = format!("findings, times in {}", page.zone.1);
    section(&title, &table, page)
}

/// What could not be read, each with what to do about it.
pub fn errors(errors: &[ErrorEntry], page: &Page) -> String {
    if errors.is_empty() {
        return String::new();
    }
    let mut out = page.paint.apply(Tone::Strong, "not read");
    out.push('\n');
    // Where nothing of a scope can be read, all fails for one reason, which is said once.
    let mut alike: Vec<(&ErrorEntry, Vec<&str>)> = Vec::new();
    for error in errors {
        let is_same = |known: &&ErrorEntry| {
            (&known.scope, &known.code, &known.hint) == (&error.scope, &error.code, &error.hint)
        };
        match alike.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, kinds)) if !kinds.contains(&error.kind) => kinds.push(error.kind),
            Some(_) => {}
            None => alike.push((error, vec![error.kind])),
        }
    }
    for (error, kinds) in alike {
        let operation = error.operation.as_deref().unwrap_or(UNKNOWN);
        let head = Cell::new(format!(
            "{} {}: {operation} {}: {}",
            error.scope,
            kinds.join(", "),
            error.code,
            error.message
        ));
        let mut table = Table::new([Column::words("", 20)]);
        table.row([head.tone(Tone::Warn)]);
        // The title line of this table is empty and left out.
        out.extend(
            table
                .render(page.width, page.paint)
                .lines()
                .skip(1)
                .map(|line| format!("{line}\n")),
        );
        let hint = crate::domain::text::clean(&error.hint);
        for line in wrapped(
            &hint,
            page.width
                .map_or(usize::MAX, |width| width.saturating_sub(4).max(20)),
        ) {
            out.push_str("    ");
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// What asking cost.
pub fn api(api: &ApiUse) -> String {
    let paid = if api.paid_usd > 0.0 {
        format!(", ${:.2} of paid calls", api.paid_usd)
    } else {
        String::new()
    };
    format!("{} API calls, {} throttled{paid}\n", api.calls, api.throttled)
}
