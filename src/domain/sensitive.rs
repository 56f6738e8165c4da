//! Values that are shown only when somebody asks: environment variables, user data, parameters.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A value that may be a secret. Printing, logging or serialising it gives a short hash, so that
/// two values can be compared without being seen; [`Sensitive::reveal`] gives the value itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(String);

impl Sensitive {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value. For the screen, on request; never for a file, a log or JSON.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The first eight hexadecimal digits of the value's SHA-256, marked as such.
    pub fn masked(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        let mut out = String::from("sha256:");
        for byte in &digest[..4] {
            out.push_str(&format!("{byte:02x}"));
        }
        out
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for Sensitive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for Sensitive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_printed_form_holds_the_value() {
        let secret = Sensitive::new("hunter2");
        let printed = format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert!(!printed.contains("hunter2"));
        assert_eq!(secret.masked(), Sensitive::new("hunter2").masked());
        assert_ne!(secret.masked(), Sensitive::new("hunter3").masked());
    }
}
