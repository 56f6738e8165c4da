//! Addresses of web services that are not AWS's: what may be asked, and what may be told something.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::diagnostic::quoted;

/// Characters of the longest address.
const LONGEST: usize = 2_048;

/// An `http` or `https` address that names a host and carries no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: String,
    secure: bool,
}

/// Why a text is no address that may be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAddress(String);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// If it has another scheme, a user or password, a fragment, characters that an address cannot
    /// have, or leads to a host's own metadata.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let bad = |why: &str| Err(BadAddress(format!("{} is no address: {why}", quoted(text))));
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadAddress(format!(
                "an address has at most {LONGEST} visible ASCII characters"
            )));
        }
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return bad("it begins with `https://` or `http://`"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains(['@', '\\']) {
            return bad("it carries no user or password");
        }
        if path.contains('#') {
            return bad("it has no `#`");
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) if host.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') => (host, port),
            Some(_) => return bad("the host is no name and no IP address"),
            None => {
                let at = authority.find(':').unwrap_or(authority.len());
                let (host, port) = authority.split_at(at);
                if !is_name(host) {
                    return bad("the host is no name and no IP address");
                }
                (host, port)
            }
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with('+');
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return bad("the port is a number up to 65535");
        }
        let host = host.to_ascii_lowercase();
        if is_metadata(&host) {
            return bad("a host's metadata service is nobody's business");
        }
        Ok(Self {
            text: text.to_owned(),
            host,
            secure,
        })
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host in small letters, without its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is `https`.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it leads to this machine itself.
    pub fn is_local(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "::1"
            || octets(host).is_some_and(|[first, ..]| first == 127)
    }

    /// Whether something may be told there: over TLS, or to this machine itself.
    pub fn may_be_told(&self) -> bool {
        self.secure || self.is_local()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A DNS name, or an IPv4 address in its usual spelling: a number alone is one in another.
fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let numeric =
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x");
    !last.is_empty() && host.len() <= 253 && host.bytes().all(allowed) && (!numeric || octets(host).is_some())
}

fn octets(host: &str) -> Option<[u8; 4]> {
    let parts: Vec<u8> = host
        .split('.')
        .map(|part| {
            // A leading zero is octal to some.
            (part.len() == 1 || !part.starts_with('0'))
                .then(|| part.parse().ok())
                .flatten()
        })
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

/// Link-local addresses, among them that of instance metadata.
fn is_metadata(host: &str) -> bool {
    matches!(octets(host), Some([169, 254, ..]))
        || host.starts_with("fe80:")
        || host.starts_with("fd00:ec2:")
        || (host.contains("::ffff:") && host.contains("169.254."))
        || host.contains("ffff:a9fe:")
}

/// What a web service answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// How long it took, milliseconds.
    pub elapsed_ms: u64,
    /// Where it would send us instead, if it would; nobody goes there. Foreign text.
    pub location: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_and_leads_to_a_host_that_may_be_asked() {
        for (text, host, secure, local) in [
            (
                "https://hooks.example.com/T0/B0?x=1",
                "hooks.example.com",
                true,
                false,
            ),
            ("http://LOCALHOST:8080", "localhost", false, true),
            ("http://127.0.0.1:80/health", "127.0.0.1", false, true),
            ("http://[::1]:80/", "::1", false, true),
            ("HTTPS://10.0.3.7/health", "10.0.3.7", true, false),
            (
                "http://internal-api-1.us-east-1.elb.amazonaws.com/health",
                "internal-api-1.us-east-1.elb.amazonaws.com",
                false,
                false,
            ),
        ] {
            let address = Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (address.host(), address.is_secure(), address.is_local()),
                (host, secure, local),
                "{text}"
            );
            assert_eq!(address.may_be_told(), secure || local, "{text}");
        }
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://",
            "https://user:secret@example.com/",
            "https://example.com\\@evil.example/",
            "https://example.com:0/",
            "https://example.com:70000/",
            "https://example.com:+80/",
            "https://exa mple.com/",
            "https://example.com/#part",
            "https://example.com/\u{202e}",
            "http://169.254.169.254/latest/meta-data",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[fd00:ec2::254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[fe80::1%25eth0]/",
            "https://localhost.evil..example:x/",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        assert!(Address::parse(&format!("https://example.com/{}", "a".repeat(3_000))).is_err());
    }
}
