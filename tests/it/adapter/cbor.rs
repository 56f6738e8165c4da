//! As much of CBOR as CloudWatch's protocol takes, to and from JSON values. A time, which JSON has
//! not, is `{"at": seconds}`.
//! <https://www.rfc-editor.org/rfc/rfc8949.html>

use serde_json::{Map, Number, Value, json};

/// The tag of seconds since 1970.
const EPOCH: u64 = 1;

/// Writes a value.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, value);
    out
}

fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(false) => out.push(0xf4),
        Value::Bool(true) => out.push(0xf5),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(out, 0, number),
            (None, Some(number)) => head(out, 1, !number.cast_unsigned()),
            (None, None) => float(out, number.as_f64().expect("a number")),
        },
        Value::String(text) => {
            head(out, 3, text.len() as u64);
            out.extend(text.as_bytes());
        }
        Value::Array(items) => {
            head(out, 4, items.len() as u64);
            for item in items {
                put(out, item);
            }
        }
        Value::Object(fields) => match fields.get("at").and_then(Value::as_f64) {
            Some(seconds) if fields.len() == 1 => {
                head(out, 6, EPOCH);
                float(out, seconds);
            }
            _ => {
                head(out, 5, fields.len() as u64);
                for (name, value) in fields {
                    put(out, &Value::String(name.clone()));
                    put(out, value);
                }
            }
        },
    }
}

fn float(out: &mut Vec<u8>, number: f64) {
    out.push(0xfb);
    out.extend(number.to_be_bytes());
}

fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    out.push(major << 5 | 0x1b);
    out.extend(number.to_be_bytes());
}

/// Reads a value.
#[track_caller]
pub fn decode(bytes: &[u8]) -> Value {
    let mut reader = Reader(bytes);
    let value = reader.value();
    assert!(reader.0.is_empty(), "{} bytes are left over", reader.0.len());
    value
}

struct Reader<'a>(&'a [u8]);

/// The end of a thing of no stated length.
const BREAK: u8 = 0xff;

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    /// The number in a head; `None` for no stated length.
    fn number(&mut self, info: u8) -> Option<u64> {
        let wide = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        match info {
            0..24 => Some(u64::from(info)),
            24..28 => Some(wide(self.take(1 << (info - 24)))),
            31 => None,
            other => panic!("no such head: {other}"),
        }
    }

    fn at_break(&mut self) -> bool {
        let found = self.0.first() == Some(&BREAK);
        if found {
            self.take(1);
        }
        found
    }

    fn value(&mut self) -> Value {
        let head = self.take(1)[0];
        let (major, info) = (head >> 5, head & 0x1f);
        if major == 7 {
            return self.simple(info);
        }
        let number = self.number(info);
        let stated = |number: Option<u64>| number.expect("a stated length");
        match major {
            0 => json!(stated(number)),
            1 => json!(-1 - i64::try_from(stated(number)).expect("it fits")),
            3 => {
                let length = usize::try_from(stated(number)).expect("it fits");
                Value::String(String::from_utf8(self.take(length).to_vec()).expect("text"))
            }
            4 => {
                let mut items = Vec::new();
                while self.goes_on(number, items.len()) {
                    items.push(self.value());
                }
                Value::Array(items)
            }
            5 => {
                let mut fields = Map::new();
                while self.goes_on(number, fields.len()) {
                    let Value::String(name) = self.value() else {
                        panic!("a field's name is no text");
                    };
                    fields.insert(name, self.value());
                }
                Value::Object(fields)
            }
            6 => json!({ "at": self.value() }),
            other => panic!("not expected here: type {other}"),
        }
    }

    fn goes_on(&mut self, stated: Option<u64>, read: usize) -> bool {
        match stated {
            Some(length) => (read as u64) < length,
            None => !self.at_break(),
        }
    }

    fn simple(&mut self, info: u8) -> Value {
        let real = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
        match info {
            20 => Value::Bool(false),
            21 => Value::Bool(true),
            22 => Value::Null,
            26 => real(f64::from(f32::from_be_bytes(
                self.take(4).try_into().expect("four"),
            ))),
            27 => real(f64::from_be_bytes(self.take(8).try_into().expect("eight"))),
            other => panic!("not expected here: {other}"),
        }
    }
}

#[test]
fn values_survive_both_ways() {
    let value = json!({
        "text": "가", "list": [1, -2, 2.5, true, null], "time": { "at": 1.5 }, "nothing": {}
    });
    assert_eq!(decode(&encode(&value)), value);
}
