//! The name that somebody probably meant.

/// The candidate that is closest to `found`, if one is close enough to be worth suggesting.
///
/// Case and the difference between `-` and `_` cost nothing; a swap of two neighbours counts as one
/// change. At most one change in three characters is forgiven. Failing that, a candidate of three
/// or more characters that begins `found`, or that `found` begins, is taken (`production` → `prod`), and
/// failing that the only one that begins with the same word of a compound (`fixed_monthly` → `fixed_costs`).
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(found);
    // A name this long is no slip of the finger, and the comparison is quadratic.
    if wanted.is_empty() || wanted.len() > 64 {
        return None;
    }
    let mut best: Option<(usize, &'a str)> = None;
    let mut prefix = None;
    let mut kin = Vec::new();
    for candidate in candidates {
        let folded = fold(candidate);
        if folded.is_empty() || folded.len() > 64 {
            continue;
        }
        let distance = distance(&wanted, &folded);
        let allowed = (wanted.len().max(folded.len()) / 3).max(1);
        // One change in a name of one or two characters leaves nothing in common.
        let related = distance < wanted.len().min(folded.len()) || distance == 0;
        if related && distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
        let shorter = wanted.len().min(folded.len());
        if prefix.is_none() && shorter >= 3 && wanted[..shorter] == folded[..shorter] {
            prefix = Some(candidate);
        }
        if first_word(&wanted).is_some_and(|word| first_word(&folded) == Some(word)) {
            kin.push(candidate);
        }
    }
    let only = match kin.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    best.map(|(_, candidate)| candidate).or(prefix).or(only)
}

/// The first word of a compound, if it is long enough to mean something.
fn first_word(name: &[char]) -> Option<&[char]> {
    let end = name.iter().position(|c| *c == '_')?;
    (end >= 4).then(|| &name[..end])
}

fn fold(name: &str) -> Vec<char> {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .collect()
}

/// Changes, insertions, deletions and swaps of neighbours between two names (optimal string
/// alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &ca) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, &cb) in b.iter().enumerate() {
            let changed = last[j] + usize::from(ca != cb);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && ca == b[j - 1] && a[i - 1] == cb {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 6] = ["name", "region", "role_arn", "environment", "time_zone", "prod"];

    #[test]
    fn a_compound_is_known_by_its_first_word_where_only_one_has_it() {
        let budget = ["monthly_usd", "fixed_costs", "cost_tag", "credits"];
        assert_eq!(nearest("fixed_monthly", budget), Some("fixed_costs"));
        let several = ["queue_oldest_s", "queue_visible_per_worker"];
        assert_eq!(nearest("queue_messages", several), None);
    }

    #[test]
    fn slips_are_recognised() {
        for (found, meant) in [
            ("regoin", "region"),
            ("Region", "region"),
            ("role-arn", "role_arn"),
            ("enviroment", "environment"),
            ("timezone", "time_zone"),
            ("production", "prod"),
            ("env", "environment"),
            ("nmae", "name"),
        ] {
            assert_eq!(nearest(found, KEYS), Some(meant), "{found}");
        }
    }

    #[test]
    fn strangers_are_not() {
        for found in ["", "x", "zz", "colour", &"y".repeat(500)] {
            assert_eq!(nearest(found, KEYS), None, "{found}");
        }
        assert_eq!(nearest("g", ["l"]), None);
    }

    #[test]
    fn of_two_equally_close_names_the_first_wins() {
        assert_eq!(nearest("log", ["lot", "lob"]), Some("lot"));
    }
}
