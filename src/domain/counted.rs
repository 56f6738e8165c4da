//! Counts with their nouns.

use std::fmt::Display;

/// A count with its noun: `1 task`, `3 tasks`, `0 tasks`. The plural only adds an s.
pub fn counted<N: Display + PartialEq + From<u8>>(many: N, noun: &str) -> String {
    if many == N::from(1) {
        format!("1 {noun}")
    } else {
        format!("{many} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural_and_nothing_is_one() {
        assert_eq!(counted(1_u32, "card"), "1 card");
        assert_eq!(counted(0_usize, "card"), "0 cards");
        assert_eq!(counted(7_i64, "day"), "7 days");
        assert_eq!(counted(-1_i64, "day"), "-1 days");
    }
}
