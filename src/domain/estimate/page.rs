//! `docs/cost-table.md`: every item beside the document's amount.

use super::{Estimate, EstimateError, Line, profiles};
use crate::domain::price::PriceTable;
use crate::domain::units::Usd;

const HEAD: &str = "\
# Cost tables

<!-- Made by the tests: QD_UPDATE_DOCS=1 cargo nextest run estimate. Do not edit. -->

What five estates cost a month by quarterdeck's price table, beside what their own documents say, item by
item. US dollars, on demand unless it says otherwise, 730 hours, no tax, no free tier, no credits. An item
within a tenth of the document's amount *agrees*; another one says whether the document's price or its
arithmetic is off, and why. Where a document names no quantity, the quantity that was taken is under
*assuming*. What AWS lists no price for is `–`; it is left out of both totals and of the percentage.

The descriptions are `data/estimates/*.json`, the prices `data/prices/*.json` ([prices.md](prices.md)); the
number of a source stands at the foot of each table.
";

/// The page.
///
/// # Errors
/// If a description that ships is broken, which a test excludes.
pub fn markdown(table: &PriceTable) -> Result<String, EstimateError> {
    let mut out = HEAD.to_owned();
    for profile in profiles()? {
        estate(&mut out, &profile.estimate(table));
    }
    Ok(out)
}

fn estate(out: &mut String, estimate: &Estimate) {
    out.push_str(&format!("\n## {} ({})\n", estimate.title, estimate.region));
    let mut sources = Vec::new();
    let mut rows = String::new();
    for line in &estimate.items {
        rows.push_str(&row(line, &mut sources, amount));
    }
    let sum = estimate.document_sum();
    let compared = estimate.compared_sum();
    let is_whole = estimate.items.iter().all(|line| line.ours.is_some());
    rows.push_str(&format!(
        "| **{}** | **{}** | **{}** | {} | | |\n",
        if is_whole {
            "Total"
        } else {
            "Total of what is priced"
        },
        amount(compared),
        amount(estimate.our_total()),
        difference(compared, None, estimate.our_total()),
    ));
    table(out, "a month", &rows);
    if sum == estimate.document_total && is_whole {
        out.push_str("\nThe document's items add up to its total.");
    } else if sum == estimate.document_total {
        out.push_str(&format!(
            "\nThe document's items add up to its total of {}.",
            amount(sum)
        ));
    } else {
        out.push_str(&format!(
            "\nThe document's total is {}: its items add up to {}.",
            amount(estimate.document_total),
            amount(sum)
        ));
    }
    if let Some(because) = &estimate.total_because {
        out.push_str(&format!(" {because}"));
    }
    if !is_whole {
        out.push_str(&format!(
            " Of that {} is not priced here and in neither total above.",
            amount(sum - compared)
        ));
    }
    out.push('\n');
    type Part<'a> = (&'a str, &'a str, &'a [Line], fn(Usd) -> String);
    let parts: [Part<'_>; 2] = [
        (
            "Savings that the team lists",
            "a month",
            &estimate.savings,
            amount,
        ),
        (
            "Prices that the document quotes",
            "an hour",
            &estimate.rates,
            rate,
        ),
    ];
    for (title, per, lines, amount) in parts {
        if lines.is_empty() {
            continue;
        }
        out.push_str(&format!("\n### {title}\n"));
        let rows: String = lines.iter().map(|line| row(line, &mut sources, amount)).collect();
        table(out, per, &rows);
    }
    out.push_str("\nSources:\n\n");
    for (number, source) in sources.iter().enumerate() {
        out.push_str(&format!("{}. {source}\n", number + 1));
    }
}

fn table(out: &mut String, per: &str, rows: &str) {
    out.push_str(&format!(
        "\n| item | document, USD {per} | ours | difference | verdict | source |\n\
         |---|--:|--:|--:|---|---|\n{rows}"
    ));
}

fn row(line: &Line, sources: &mut Vec<String>, amount: fn(Usd) -> String) -> String {
    let document = match line.document_most {
        Some(most) => format!("{} to {}", amount(line.document), amount(most)),
        None => amount(line.document),
    };
    let source = line.source.as_ref().map_or_else(String::new, |(source, day)| {
        let words = format!("{}, {day}", each_once(source));
        let place = sources
            .iter()
            .position(|known| *known == words)
            .unwrap_or_else(|| {
                sources.push(words);
                sources.len() - 1
            });
        (place + 1).to_string()
    });
    let mut said = line.verdict.words().to_owned();
    if let Some(assuming) = &line.assuming {
        said.push_str(&format!(", assuming {assuming}"));
    }
    if let Some(because) = &line.because {
        said.push_str(&format!(". {because}"));
    }
    format!(
        "| {} | {document} | {} | {} | {said} | {source} |\n",
        line.name,
        line.ours.map_or_else(|| "–".to_owned(), amount),
        line.ours.map_or_else(String::new, |ours| difference(
            line.document,
            line.document_most,
            ours
        )),
    )
}

/// The sources of a sum, each once.
fn each_once(source: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in source.split("; ") {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

/// A price by the hour: below ten dollars to a tenth of a cent where it has one.
fn rate(usd: Usd) -> String {
    let exact = usd.as_f64();
    let cents = (exact * 100.0).round() / 100.0;
    if exact.abs() < 10.0 && (exact - cents).abs() > 1e-9 {
        format!("{exact:.3}")
    } else {
        format!("{cents:.2}")
    }
}

/// Cents, or the whole price where there are more decimals than cents.
fn amount(usd: Usd) -> String {
    let cents = format!("{usd:.2}").replace('$', "");
    let exact = usd.as_f64();
    let rounded = (exact * 100.0).round() / 100.0;
    if exact.abs() < 1.0 && (exact - rounded).abs() > 1e-9 {
        format!("{exact:.3}")
    } else {
        cents
    }
}

/// How far ours is from the document's amount, or from the nearer end of its range.
fn difference(document: Usd, most: Option<Usd>, ours: Usd) -> String {
    let most = most.unwrap_or(document);
    let from = if ours > most { most } else { document };
    if ours >= document && ours <= most {
        return "0 %".to_owned();
    }
    if from.is_zero() {
        return String::new();
    }
    let percent = 100.0 * (ours.as_f64() - from.as_f64()) / from.as_f64().abs();
    format!("{percent:+.0} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::PriceTable;

    #[test]
    fn quoted_prices_keep_their_digits_and_sources_are_named_once() {
        let page = markdown(PriceTable::shipped()).unwrap();
        assert!(
            page.contains("| g5.xlarge | 1.006 | 1.006 | 0 % | agrees |"),
            "{page}"
        );
        assert!(page.contains("| g5.2xlarge | 1.212 | 1.212 |"), "{page}");
        assert!(page.contains("| p3.2xlarge | 3.06 | 3.06 |"), "{page}");
        for line in page.lines().filter(|line| line.contains("AWS price list")) {
            let mut parts: Vec<&str> = line.split("; ").collect();
            let many = parts.len();
            parts.sort_unstable();
            parts.dedup();
            assert_eq!(parts.len(), many, "{line}");
        }
    }
}
