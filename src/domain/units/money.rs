//! US dollars as exact decimals. A binary fraction cannot hold `0.1`, and a bill is a sum of thousands
//! of such numbers.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Hours of a month as AWS and its calculator count them.
pub const HOURS_PER_MONTH: u64 = 730;

/// Decimal places that are kept: as many as the AWS price list and Cost Explorer write.
const PLACES: u32 = 10;

/// One dollar in the units of [`Usd`].
const DOLLAR: i128 = 10_i128.pow(PLACES);

/// One cent in the units of [`Usd`].
const CENT: i128 = DOLLAR / 100;

/// What no amount may exceed, in dollars; far below what would overflow.
const MOST_DOLLARS: i128 = 10_i128.pow(18);

/// An amount of US dollars, exact to ten decimal places; negative for credits.
///
/// Shown with as many digits as an operator can use: `$790` from a hundred dollars on, `$5.10` below,
/// and two significant digits below ten cents, such as `$0.0004`. `{:.2}` gives a fixed number of
/// decimals (`$790.32`). In JSON it is a number with at most six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(i128);

/// A text that is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// It is not a decimal number.
    #[error("{0:?} is not a decimal number")]
    NotANumber(String),
    /// It is more than 10¹⁸ dollars.
    #[error("{0:?} is too large for an amount of money")]
    TooLarge(String),
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents as i128 * CENT)
    }

    /// From millionths of a dollar.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros as i128 * (DOLLAR / 1_000_000))
    }

    /// From a floating-point number, taken as the shortest decimal that means it, so that `0.1` is ten
    /// cents. `None` if it is not finite or too large.
    pub fn from_f64(dollars: f64) -> Option<Self> {
        dollars.is_finite().then(|| format!("{dollars}").parse().ok())?
    }

    /// The nearest floating-point number, for charts and comparisons with metrics.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / DOLLAR as f64
    }

    /// Millionths of a dollar, rounded.
    pub const fn micros(self) -> i128 {
        round_div(self.0, DOLLAR / 1_000_000)
    }

    /// Whether it is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is a credit.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// `numerator / denominator` of it, rounded to the tenth decimal; a denominator of 0 counts as 1.
    pub fn scale(self, numerator: u64, denominator: u64) -> Self {
        let denominator = i128::from(denominator.max(1));
        Self(round_div(
            self.0.saturating_mul(i128::from(numerator)),
            denominator,
        ))
    }

    /// With this many decimals after rounding, thousands in groups.
    fn decimals(self, places: u32) -> String {
        let places = places.min(PLACES);
        let step = 10_i128.pow(PLACES - places);
        let rounded = round_div(self.0, step);
        let unit = 10_u128.pow(places);
        let (whole, fraction) = (rounded.unsigned_abs() / unit, rounded.unsigned_abs() % unit);
        let sign = if rounded < 0 { "-" } else { "" };
        let whole = grouped(whole);
        if places == 0 {
            format!("{sign}${whole}")
        } else {
            format!("{sign}${whole}.{fraction:0width$}", width = places as usize)
        }
    }

    /// How many decimals say what an operator can use.
    fn fitting_places(self) -> u32 {
        let size = self.0.abs();
        if size == 0 || round_div(size, CENT) >= 10_000 {
            return 0;
        }
        if size >= 10 * CENT {
            return 2;
        }
        // Two significant digits, then without trailing zeros but never fewer than cents.
        let digits = size.ilog10() + 1;
        let mut places = (PLACES + 2 - digits).min(PLACES);
        while places > 2 && round_div(size, 10_i128.pow(PLACES - places)) % 10 == 0 {
            places -= 1;
        }
        places
    }
}

/// Rounds half away from zero; the divisor is positive.
const fn round_div(value: i128, divisor: i128) -> i128 {
    let half = divisor / 2;
    if value < 0 {
        value.saturating_sub(half) / divisor
    } else {
        value.saturating_add(half) / divisor
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = f.precision().map_or_else(
            || self.fitting_places(),
            |places| u32::try_from(places).unwrap_or(PLACES),
        );
        // pad_integral honours width and alignment and, unlike pad, leaves the precision alone.
        f.pad_integral(true, "", &self.decimals(places))
    }
}

impl FromStr for Usd {
    type Err = MoneyError;

    /// Reads a decimal such as AWS writes it: `12.3456789012`, `-0.5`, `4.2E-7`. Digits after the tenth
    /// decimal are rounded.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_a_number = || MoneyError::NotANumber(text.to_owned());
        let too_large = || MoneyError::TooLarge(text.to_owned());
        let trimmed = text.trim();
        let (negative, unsigned) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((decimal, exponent)) => (decimal, exponent.parse::<i32>().map_err(|_| not_a_number())?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let digits: String = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(not_a_number());
        }
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(Self::ZERO);
        }
        let mantissa: i128 = significant.parse().map_err(|_| too_large())?;
        let fraction_digits = i32::try_from(fraction.len()).map_err(|_| too_large())?;
        let shift = exponent
            .checked_sub(fraction_digits)
            .and_then(|shift| shift.checked_add(PLACES.cast_signed()))
            .ok_or_else(too_large)?;
        let power = 10_i128.checked_pow(shift.unsigned_abs());
        let amount = match (shift < 0, power) {
            // So small that nothing is left after the tenth decimal.
            (true, None) => 0,
            (true, Some(power)) => round_div(mantissa, power),
            (false, power) => power
                .and_then(|power| mantissa.checked_mul(power))
                .ok_or_else(too_large)?,
        };
        if amount > MOST_DOLLARS * DOLLAR {
            return Err(too_large());
        }
        Ok(Self(if negative { -amount } else { amount }))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Usd {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Mul<u64> for Usd {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(i128::from(times)))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Self> for Usd {
    fn sum<I: Iterator<Item = &'a Self>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.micros() as f64 / 1e6)
    }
}

impl<'de> Deserialize<'de> for Usd {
    /// A number or a decimal in quotes; the latter is exact.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Usd;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of US dollars")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Usd, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, dollars: f64) -> Result<Usd, E> {
                Usd::from_f64(dollars).ok_or_else(|| E::invalid_value(de::Unexpected::Float(dollars), &self))
            }

            fn visit_i64<E: de::Error>(self, dollars: i64) -> Result<Usd, E> {
                self.visit_str(&dollars.to_string())
            }

            fn visit_u64<E: de::Error>(self, dollars: u64) -> Result<Usd, E> {
                self.visit_str(&dollars.to_string())
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// US dollars per hour. Shown as `$5.10/h`; in JSON the number of dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UsdPerHour(Usd);

impl UsdPerHour {
    /// Nothing.
    pub const ZERO: Self = Self(Usd::ZERO);

    /// What one hour costs.
    pub const fn new(hour: Usd) -> Self {
        Self(hour)
    }

    /// From what a month of 730 hours costs.
    pub fn from_month(month: Usd) -> Self {
        Self(month.scale(1, HOURS_PER_MONTH))
    }

    /// What one hour costs.
    pub const fn per_hour(self) -> Usd {
        self.0
    }

    /// What 24 hours cost.
    pub fn per_day(self) -> Usd {
        self.0 * 24
    }

    /// What a month of 730 hours costs.
    pub fn per_month(self) -> Usd {
        self.0 * HOURS_PER_MONTH
    }

    /// What a month of 730 hours costs for a share of its hours, 0 to 1.
    pub fn per_month_for(self, share: f64) -> Usd {
        /// Parts that a share is counted in, so that money stays exact.
        const PARTS: u64 = 100_000;
        let parts = (share.clamp(0.0, 1.0) * PARTS as f64).round() as u64;
        self.per_month().scale(parts, PARTS)
    }

    /// What so many seconds cost.
    pub fn for_seconds(self, seconds: u64) -> Usd {
        self.0.scale(seconds, 3600)
    }

    /// `numerator / denominator` of it; a denominator of 0 counts as 1.
    pub fn scale(self, numerator: u64, denominator: u64) -> Self {
        Self(self.0.scale(numerator, denominator))
    }
}

impl fmt::Display for UsdPerHour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = match f.precision() {
            Some(places) => format!("{:.places$}/h", self.0),
            None => format!("{}/h", self.0),
        };
        f.pad_integral(true, "", &amount)
    }
}

impl Add for UsdPerHour {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for UsdPerHour {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for UsdPerHour {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for UsdPerHour {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<u64> for UsdPerHour {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self(self.0 * times)
    }
}

impl Sum for UsdPerHour {
    fn sum<I: Iterator<Item = Self>>(rates: I) -> Self {
        rates.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn decimals_of_aws_are_read_exactly() {
        assert_eq!(format!("{:.10}", usd("12.3456789012")), "$12.3456789012");
        assert_eq!(format!("{:.10}", usd("0.0000000034")), "$0.0000000034");
        assert_eq!(usd("-0.5"), Usd::from_cents(-50));
        assert_eq!(usd(" 3 "), Usd::from_cents(300));
        assert_eq!(usd("4.2E-7"), usd("0.00000042"));
        assert_eq!(usd("1e3"), usd("1000"));
        assert_eq!(usd("0E-10"), Usd::ZERO);
        assert_eq!(usd(".5"), usd("0.5"));
        assert_eq!(usd("+2."), usd("2"));
    }

    #[test]
    fn digits_after_the_tenth_are_rounded_away_from_zero() {
        assert_eq!(usd("0.00000000005"), usd("0.0000000001"));
        assert_eq!(usd("-0.00000000005"), usd("-0.0000000001"));
        assert_eq!(usd("0.00000000004"), Usd::ZERO);
        assert_eq!(usd("1e-400"), Usd::ZERO);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "", "-", ".", "1,5", "$5", "1.2.3", "0x10", "NaN", "inf", "1e", "1e+", "٣", "1 2",
        ] {
            assert_eq!(
                text.parse::<Usd>(),
                Err(MoneyError::NotANumber(text.to_owned())),
                "{text:?}"
            );
        }
        for text in ["1e19", "1e400", "1e2147483647", &"9".repeat(60)] {
            assert_eq!(
                text.parse::<Usd>(),
                Err(MoneyError::TooLarge(text.to_owned())),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_thousand_dimes_are_a_hundred_dollars() {
        let dimes: Usd = std::iter::repeat_n(usd("0.1"), 1000).sum();
        assert_eq!(dimes, Usd::from_cents(10_000));
        let floats: f64 = std::iter::repeat_n(0.1_f64, 1000).sum();
        assert_ne!(floats, 100.0, "the reason for an exact type");
    }

    #[test]
    fn display_shows_what_can_be_used() {
        let cases = [
            ("0", "$0"),
            ("5.1", "$5.10"),
            ("5", "$5.00"),
            ("790", "$790"),
            ("790.32", "$790"),
            ("8094.72", "$8,095"),
            ("1234567", "$1,234,567"),
            ("99.994", "$99.99"),
            ("99.995", "$100"),
            ("2.012", "$2.01"),
            ("0.526", "$0.53"),
            ("0.1", "$0.10"),
            ("0.0996", "$0.10"),
            ("0.03", "$0.03"),
            ("0.045", "$0.045"),
            ("0.0208", "$0.021"),
            ("0.0004", "$0.0004"),
            ("0.0000000034", "$0.0000000034"),
            ("0.0000000001", "$0.0000000001"),
            ("-5.1", "-$5.10"),
            ("-1234.5", "-$1,235"),
        ];
        for (amount, shown) in cases {
            assert_eq!(usd(amount).to_string(), shown, "{amount}");
        }
    }

    #[test]
    fn precision_and_width_are_honoured() {
        assert_eq!(format!("{:.2}", usd("8094.72")), "$8,094.72");
        assert_eq!(format!("{:.0}", usd("0.4")), "$0");
        assert_eq!(format!("{:.2}", usd("-0.001")), "$0.00", "no negative zero");
        assert_eq!(format!("{:>8}", usd("5.1")), "   $5.10");
        assert_eq!(format!("{:<8}|", usd("5.1")), "$5.10   |");
        assert_eq!(format!("{:.99}", usd("1")), "$1.0000000000");
        assert_eq!(format!("{:>10}", UsdPerHour::new(usd("5.1"))), "   $5.10/h");
        assert_eq!(format!("{:.3}", UsdPerHour::new(usd("1.006"))), "$1.006/h");
    }

    #[test]
    fn json_is_a_number_with_at_most_six_decimals() {
        let json = |amount: &str| serde_json::to_string(&usd(amount)).unwrap();
        assert_eq!(json("5.1"), "5.1");
        assert_eq!(json("0.0208"), "0.0208");
        assert_eq!(json("12.3456789012"), "12.345679");
        assert_eq!(json("-0.0000004"), "0.0");
        assert_eq!(json("790"), "790.0");
        let rate = UsdPerHour::new(usd("1.006"));
        assert_eq!(serde_json::to_string(&rate).unwrap(), "1.006");
        assert_eq!(serde_json::from_str::<UsdPerHour>("1.006").unwrap(), rate);
    }

    #[test]
    fn json_numbers_and_strings_are_read() {
        assert_eq!(serde_json::from_str::<Usd>("0.1").unwrap(), usd("0.1"));
        assert_eq!(serde_json::from_str::<Usd>("20").unwrap(), usd("20"));
        assert_eq!(serde_json::from_str::<Usd>("-20").unwrap(), usd("-20"));
        assert_eq!(
            serde_json::from_str::<Usd>("\"0.0000000034\"").unwrap(),
            usd("0.0000000034")
        );
        assert!(serde_json::from_str::<Usd>("\"five\"").is_err());
        assert!(serde_json::from_str::<Usd>("null").is_err());
    }

    #[test]
    fn hours_days_and_months_follow_from_the_hour() {
        let g5 = UsdPerHour::new(usd("1.006"));
        assert_eq!(g5.per_day(), usd("24.144"));
        assert_eq!(g5.per_month(), usd("734.38"));
        assert_eq!(g5.for_seconds(1800), usd("0.503"));
        assert_eq!(UsdPerHour::from_month(usd("7.3")), UsdPerHour::new(usd("0.01")));
        assert_eq!((g5 * 2).to_string(), "$2.01/h");
        assert_eq!(g5 - g5, UsdPerHour::ZERO);
        assert_eq!(-g5 + g5, UsdPerHour::ZERO);
    }

    #[test]
    fn scaling_rounds_and_never_divides_by_zero() {
        assert_eq!(usd("1").scale(1, 3), usd("0.3333333333"));
        assert_eq!(usd("2").scale(1, 3), usd("0.6666666667"));
        assert_eq!(usd("2").scale(3, 0), usd("6"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,40}") {
            if let Ok(amount) = text.parse::<Usd>() {
                let again: Usd = format!("{amount:.10}").replace(['$', ','], "").parse().unwrap();
                prop_assert_eq!(again, amount);
            }
        }

        #[test]
        fn ten_decimals_survive_writing_and_reading(units in -10_i64.pow(18)..10_i64.pow(18)) {
            let amount = Usd(i128::from(units));
            let again: Usd = format!("{amount:.10}").replace(['$', ','], "").parse().unwrap();
            prop_assert_eq!(again, amount);
        }

        #[test]
        fn shown_amounts_are_within_half_a_unit_of_their_last_digit(micros in 1_i64..1_000_000_000) {
            let amount = Usd::from_micros(micros);
            let shown: Usd = amount.to_string().replace(['$', ','], "").parse().unwrap();
            let off = (shown - amount).as_f64().abs();
            let tolerance = if amount.as_f64() >= 99.0 { 0.5 } else { 0.06 * amount.as_f64() + 1e-9 };
            prop_assert!(off <= tolerance, "{amount:.10} shown as {shown:.10}");
            prop_assert!(!shown.is_zero());
        }
    }
}
