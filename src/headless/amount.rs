//! How amounts of money read in what is printed.

use crate::domain::units::Usd;
use crate::headless::table::UNKNOWN;

/// US dollars with their cents: `$1,234.50`. What no amount can be is unknown.
pub fn usd(amount: f64) -> String {
    Usd::from_f64(amount).map_or_else(|| UNKNOWN.to_owned(), |amount| format!("{amount:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_cents_and_thousands() {
        assert_eq!(usd(0.0), "$0.00");
        assert_eq!(usd(1234.5), "$1,234.50");
        assert_eq!(usd(-3.2), "-$3.20");
        assert_eq!(usd(f64::NAN), "–");
    }
}
