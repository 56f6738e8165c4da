//! The one HTTP client of the process: AWS, STS, Identity Center and instance metadata share its
//! connections, its proxy and its trust in certificates.

use std::path::Path;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Builds the client. The proxy comes from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, which a
/// hand-made client would otherwise ignore; certificates come from `AWS_CA_BUNDLE`, which the SDK
/// does not read, else from the system.
pub(super) fn client() -> Result<SharedHttpClient, String> {
    let tls = trusted()?;
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .proxy_config(ProxyConfig::from_env())
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .tls_context(tls.clone());
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector.build()
        }),
    )
}

/// A connection to web services that are not AWS's: the same certificates and proxy, and nothing of the
/// SDK above it. It has no deadline of its own: whoever asks has one for the whole call.
pub(super) fn connector() -> Result<SharedHttpConnector, String> {
    let connector = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(trusted()?);
    Ok(SharedHttpConnector::new(connector.build()))
}

/// The certificates that are trusted.
fn trusted() -> Result<TlsContext, String> {
    let trust = match std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        Some(path) => TrustStore::empty().with_pem_certificate(bundle(Path::new(&path))?),
        None => TrustStore::default(),
    };
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| error.to_string())
}

/// The certificates of a bundle, refused here if they are none: the TLS library would panic.
fn bundle(path: &Path) -> Result<String, String> {
    let pem = std::fs::read_to_string(path)
        .map_err(|error| format!("AWS_CA_BUNDLE {}: {error}", path.display()))?;
    check(&pem).map_err(|problem| format!("AWS_CA_BUNDLE {}: {problem}", path.display()))?;
    Ok(pem)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn check(pem: &str) -> Result<(), &'static str> {
    let mut rest = pem;
    let mut found = false;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (body, after) = after
            .split_once(END)
            .ok_or("a certificate is cut off at its end")?;
        let text: String = body.split_whitespace().collect();
        let der = STANDARD
            .decode(text)
            .map_err(|_| "a certificate is not valid base64")?;
        // Every X.509 certificate is a DER SEQUENCE.
        if der.first() != Some(&0x30) {
            return Err("a certificate is not X.509");
        }
        found = true;
        rest = after;
    }
    if found {
        Ok(())
    } else {
        Err("no certificate in it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_that_would_panic_later_are_refused_now() {
        let cases = [
            ("", Err("no certificate in it")),
            (
                "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                Ok(()),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nMAA=\n",
                Err("a certificate is cut off at its end"),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nM*A=\n-----END CERTIFICATE-----\n",
                Err("a certificate is not valid base64"),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAA=\n-----END CERTIFICATE-----\n",
                Err("a certificate is not X.509"),
            ),
        ];
        for (pem, expected) in cases {
            assert_eq!(check(pem), expected, "{pem:?}");
        }
    }
}
