//! The formulas of DB parameter groups, such as `LEAST({DBInstanceClassMemory/9531392},5000)`.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ParamValuesRef.html>

/// What the variables of a formula stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variables {
    /// `DBInstanceClassMemory`, bytes.
    pub memory_bytes: f64,
    /// `AllocatedStorage`, bytes.
    pub storage_bytes: Option<f64>,
}

/// Deeper formulas are refused: they come from outside.
const MOST_DEPTH: u8 = 24;

/// The value of a number or formula; `None` if it is not understood, or is no finite number.
pub fn evaluate(formula: &str, variables: &Variables) -> Option<f64> {
    let mut parser = Parser {
        rest: formula,
        variables,
        depth: 0,
    };
    let value = parser.sum()?;
    parser.skip_space();
    (parser.rest.is_empty() && value.is_finite()).then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
    variables: &'a Variables,
    depth: u8,
}

impl Parser<'_> {
    fn sum(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return None;
        }
        let mut value = self.product()?;
        loop {
            if self.eat('+') {
                value += self.product()?;
            } else if self.eat('-') {
                value -= self.product()?;
            } else {
                self.depth -= 1;
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.atom()?;
        loop {
            if self.eat('*') {
                value *= self.atom()?;
            } else if self.eat('/') {
                value /= self.atom()?;
            } else {
                return Some(value);
            }
        }
    }

    fn atom(&mut self) -> Option<f64> {
        for (open, close) in [('{', '}'), ('(', ')')] {
            if self.eat(open) {
                let value = self.sum()?;
                return self.eat(close).then_some(value);
            }
        }
        self.skip_space();
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let number = self.take(|c| c.is_ascii_digit() || c == '.');
            return number.parse().ok();
        }
        let name = self.take(|c| c.is_ascii_alphanumeric());
        match name.to_ascii_lowercase().as_str() {
            "dbinstanceclassmemory" => Some(self.variables.memory_bytes),
            "allocatedstorage" => self.variables.storage_bytes,
            "greatest" => self.arguments()?.into_iter().reduce(f64::max),
            "least" => self.arguments()?.into_iter().reduce(f64::min),
            "sum" => Some(self.arguments()?.into_iter().sum()),
            // AWS's log is of base two.
            "log" => match self.arguments()?.as_slice() {
                [one] => Some(one.log2()),
                _ => None,
            },
            _ => None,
        }
    }

    fn arguments(&mut self) -> Option<Vec<f64>> {
        if !self.eat('(') {
            return None;
        }
        let mut values = vec![self.sum()?];
        while self.eat(',') {
            values.push(self.sum()?);
        }
        self.eat(')').then_some(values)
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MEMORY: Variables = Variables {
        memory_bytes: 4_294_967_296.0,
        storage_bytes: None,
    };

    #[test]
    fn the_formulas_of_the_default_groups_are_understood() {
        for (formula, value) in [
            ("100", Some(100.0)),
            ("{DBInstanceClassMemory/12582880}", Some(341.0)),
            ("LEAST({DBInstanceClassMemory/9531392},5000)", Some(450.0)),
            ("LEAST({DBInstanceClassMemory/9531392}, 200)", Some(200.0)),
            (
                "GREATEST({DBInstanceClassMemory/1073741824*128},2048)",
                Some(2048.0),
            ),
            (
                "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})",
                Some(108.0),
            ),
            ("SUM({DBInstanceClassMemory/4294967296},2,3)", Some(6.0)),
            ("(2+3)*4-1", Some(19.0)),
        ] {
            assert_eq!(evaluate(formula, &MEMORY).map(f64::floor), value, "{formula}");
        }
    }

    #[test]
    fn what_is_not_understood_has_no_value() {
        for formula in [
            "",
            "many",
            "LEAST()",
            "LEAST(1,2",
            "{DBInstanceVCPU*4}",
            "1/0",
            "{AllocatedStorage/10}",
            "1 2",
            "log(1,2)",
        ] {
            assert_eq!(evaluate(formula, &MEMORY), None, "{formula}");
        }
        assert_eq!(evaluate(&"(".repeat(100_000), &MEMORY), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[-+*/(){},. a-zA-Z0-9]{0,80}") {
            let value = evaluate(&text, &MEMORY);
            prop_assert!(value.is_none_or(f64::is_finite));
        }
    }
}
