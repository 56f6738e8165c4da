//! A price with its day and its source.

use std::sync::Arc;

use jiff::civil::Date;

/// Whether a price was compared with the price list itself, or with a second copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checked {
    /// It was.
    Yes,
    /// It stands for a neighbour or comes from one copy: to be shown as doubtful.
    No,
}

/// Where a price comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Provenance {
    /// The day on which the price was last known to hold.
    pub as_of: Date,
    /// The source in a few words, such as `AWS price list, on-demand`.
    pub source: String,
    /// Whether it was compared.
    pub checked: Checked,
}

/// A value computed from prices, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced<T> {
    /// The price, or what was computed from prices.
    pub value: T,
    provenance: Arc<Provenance>,
}

impl<T> Priced<T> {
    /// A value with its provenance.
    pub const fn new(value: T, provenance: Arc<Provenance>) -> Self {
        Self { value, provenance }
    }

    /// The day on which the oldest price in it was last known to hold.
    pub fn as_of(&self) -> Date {
        self.provenance.as_of
    }

    /// The source in a few words.
    pub fn source(&self) -> &str {
        &self.provenance.source
    }

    /// Whether every price in it was compared.
    pub fn checked(&self) -> Checked {
        self.provenance.checked
    }

    /// The same provenance for something computed from the value.
    pub fn map<U>(self, compute: impl FnOnce(T) -> U) -> Priced<U> {
        Priced {
            value: compute(self.value),
            provenance: self.provenance,
        }
    }

    /// Something computed from two prices; it is as old and as doubtful as the worse of them.
    pub fn with<U, V>(self, other: Priced<U>, compute: impl FnOnce(T, U) -> V) -> Priced<V> {
        let provenance = if self.provenance == other.provenance {
            self.provenance
        } else {
            let (mine, theirs) = (&self.provenance, &other.provenance);
            let source = if mine.source == theirs.source {
                mine.source.clone()
            } else {
                format!("{}; {}", mine.source, theirs.source)
            };
            Arc::new(Provenance {
                as_of: mine.as_of.min(theirs.as_of),
                source,
                checked: mine.checked.max(theirs.checked),
            })
        };
        Priced {
            value: compute(self.value, other.value),
            provenance,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;

    use super::*;

    fn priced(value: u32, as_of: Date, source: &str, checked: Checked) -> Priced<u32> {
        Priced::new(
            value,
            Arc::new(Provenance {
                as_of,
                source: source.to_owned(),
                checked,
            }),
        )
    }

    #[test]
    fn a_sum_is_as_old_and_as_doubtful_as_the_worse_part() {
        let new = priced(1, date(2026, 10, 1), "list", Checked::Yes);
        let old = priced(2, date(2025, 6, 18), "copy", Checked::No);
        for sum in [
            new.clone().with(old.clone(), |a, b| a + b),
            old.with(new, |a, b| a + b),
        ] {
            assert_eq!(sum.value, 3);
            assert_eq!(sum.as_of(), date(2025, 6, 18));
            assert_eq!(sum.checked(), Checked::No);
            assert!(sum.source() == "list; copy" || sum.source() == "copy; list");
        }
    }

    #[test]
    fn equal_sources_are_named_once() {
        let a = priced(1, date(2026, 10, 1), "list", Checked::Yes);
        let b = priced(2, date(2025, 6, 18), "list", Checked::Yes);
        assert_eq!(a.with(b, |a, b| a * b).source(), "list");
    }
}
