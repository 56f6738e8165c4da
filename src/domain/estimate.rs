//! What an estate as it is described costs a month, item by item, beside what its documents say it
//! costs: a test of the price table, and of the documents.
//!
//! The estates' descriptions are data (`data/estimates/*.json`); `docs/cost-table.md` is made of them.
//! Every amount is of list prices and a month of 730 hours. An item that differs by more than a tenth
//! carries a reason: the document's price is off, or its arithmetic.

mod document;
mod page;
mod part;

use jiff::civil::Date;

pub use document::{EstimateError, Profile, profiles};
pub use page::markdown;

use crate::domain::price::{PriceTable, Priced};
use crate::domain::units::Usd;

/// What an item's amounts say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are within a tenth of each other.
    Agrees,
    /// The document's quantity times its price is not its amount, or its parts are not its sum.
    Arithmetic,
    /// The document's price is not AWS's.
    Price,
    /// AWS publishes no price for it: an API of somebody else, or Spot.
    NotListed,
    /// The table lacks the price.
    Unknown,
    /// They differ by more than a tenth and nobody has said why.
    Unexplained,
}

impl Verdict {
    /// The words in the page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Arithmetic => "the document's arithmetic is off",
            Self::Price => "the document's price is off",
            Self::NotListed => "no list price",
            Self::Unknown => "no price here",
            Self::Unexplained => "unexplained",
        }
    }
}

/// An item with both amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// The document's amount, US dollars; the least of them if it gives a range.
    pub document: Usd,
    /// The most of the document's range.
    pub document_most: Option<Usd>,
    /// Ours; `None` without a price.
    pub ours: Option<Usd>,
    /// Where ours comes from: source and day.
    pub source: Option<(String, Date)>,
    /// What the two say about each other.
    pub verdict: Verdict,
    /// Why they differ, or what else is to be known.
    pub because: Option<String>,
    /// What the document does not say and was taken as given.
    pub assuming: Option<String>,
}

/// An estate's items and sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The estate's title.
    pub title: String,
    /// The region whose prices it has.
    pub region: String,
    /// A month.
    pub items: Vec<Line>,
    /// What the team lists as possible savings, a month.
    pub savings: Vec<Line>,
    /// Prices that the document quotes, an hour.
    pub rates: Vec<Line>,
    /// The document's total.
    pub document_total: Usd,
    /// What is to be known of it.
    pub total_because: Option<String>,
}

impl Estimate {
    /// The sum of the document's items, of ranges the least.
    pub fn document_sum(&self) -> Usd {
        self.items.iter().map(|line| line.document).sum()
    }

    /// The sum of the document's items that have an amount of ours beside them, of ranges the least.
    pub fn compared_sum(&self) -> Usd {
        let compared = self.items.iter().filter(|line| line.ours.is_some());
        compared.map(|line| line.document).sum()
    }

    /// The sum of ours; to be compared with [`Self::compared_sum`], which is of the same items.
    pub fn our_total(&self) -> Usd {
        self.items.iter().filter_map(|line| line.ours).sum()
    }
}

impl Profile {
    /// Prices everything in it.
    pub fn estimate(&self, table: &PriceTable) -> Estimate {
        let lines = |items: &[document::Item], hours: u64| -> Vec<Line> {
            items
                .iter()
                .map(|item| line(item, &self.region, table, hours))
                .collect()
        };
        Estimate {
            title: self.title.clone(),
            region: self.region.clone(),
            items: lines(&self.items, part::HOURS_PER_MONTH),
            savings: lines(&self.savings, part::HOURS_PER_MONTH),
            rates: lines(&self.rates, 1),
            document_total: self.total_usd,
            total_because: self.total_because.clone(),
        }
    }
}

fn line(item: &document::Item, region: &str, table: &PriceTable, hours: u64) -> Line {
    let priced = match item.listed {
        document::Listed::Yes => part::sum(&item.parts, &item.less, region, table, hours),
        document::Listed::No => part::Sum::Unknown,
    };
    let (ours, source) = match &priced {
        part::Sum::Known(Some(price)) => (Some(price.value), Some(source_of(price))),
        part::Sum::Known(None) => (Some(Usd::ZERO), None),
        part::Sum::Unknown => (None, None),
    };
    Line {
        name: item.name.clone(),
        document: item.document_usd,
        document_most: item.document_usd_most,
        verdict: verdict(item, ours),
        ours,
        source,
        because: item.because.clone(),
        assuming: item.assuming.clone(),
    }
}

fn source_of(price: &Priced<Usd>) -> (String, Date) {
    (price.source().to_owned(), price.as_of())
}

fn verdict(item: &document::Item, ours: Option<Usd>) -> Verdict {
    let Some(ours) = ours else {
        return match item.listed {
            document::Listed::Yes => Verdict::Unknown,
            document::Listed::No => Verdict::NotListed,
        };
    };
    if is_within_a_tenth(ours, item.document_usd, item.document_usd_most) {
        return Verdict::Agrees;
    }
    match item.own_arithmetic().or(item.off) {
        Some(document::Off::Price) => Verdict::Price,
        Some(document::Off::Arithmetic) => Verdict::Arithmetic,
        None => Verdict::Unexplained,
    }
}

/// Whether ours is at most a tenth of the document's amount away from it, or from its range.
fn is_within_a_tenth(ours: Usd, document: Usd, most: Option<Usd>) -> bool {
    let most = most.unwrap_or(document);
    let tenth = |amount: Usd| {
        let amount = if amount.is_negative() { -amount } else { amount };
        amount.scale(1, 10)
    };
    ours >= document - tenth(document) && ours <= most + tenth(most)
}

#[cfg(test)]
mod tests;
