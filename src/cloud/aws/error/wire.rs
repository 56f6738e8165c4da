//! What an answer says before the SDK has made a type of it, or where it could not.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::codes;

/// Whether AWS asked for fewer calls.
pub(in crate::cloud::aws) fn is_throttle(response: &HttpResponse) -> bool {
    let status = response.status().as_u16();
    if status < 400 {
        return false;
    }
    match error_code(response) {
        Some(code) => codes::is_throttle(&code),
        None => status == 429,
    }
}

/// The error code, in whichever of AWS's protocols the answer is.
pub(super) fn error_code(response: &HttpResponse) -> Option<String> {
    let headers = response.headers();
    // `x-amzn-query-error: Throttling;Sender` of services that once spoke the query protocol.
    let query = headers
        .get("x-amzn-query-error")
        .and_then(|value| value.split(';').next());
    let header = query.or_else(|| headers.get("x-amzn-errortype"));
    let code = match header {
        Some(code) => code.to_owned(),
        None => in_body(response.body().bytes()?)?,
    };
    // `com.amazonaws.ecs#ClusterNotFoundException:http://…` → `ClusterNotFoundException`
    let code = code.rsplit('#').next().unwrap_or(&code);
    let code = code.split(':').next().unwrap_or(code).trim();
    (!code.is_empty()).then(|| code.to_owned())
}

/// Whether the answer is a web page: of a proxy, or of an endpoint without the operation.
pub(super) fn is_html(response: &HttpResponse) -> bool {
    let typed = response
        .headers()
        .get("content-type")
        .is_some_and(|value| value.starts_with("text/html"));
    typed
        || response.body().bytes().is_some_and(|body| {
            let start = String::from_utf8_lossy(&body[..body.len().min(64)]).to_ascii_lowercase();
            start.trim_start().starts_with("<!doctype html") || start.trim_start().starts_with("<html")
        })
}

fn in_body(body: &[u8]) -> Option<String> {
    if let Some(code) = in_cbor(body) {
        return Some(code);
    }
    let text = std::str::from_utf8(body).ok()?;
    match text.trim_start().as_bytes().first()? {
        b'{' => in_json(text),
        b'<' => in_xml(text),
        _ => None,
    }
}

fn in_json(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    ["__type", "code", "Code"]
        .iter()
        .find_map(|key| value.get(key)?.as_str())
        .map(str::to_owned)
}

fn in_xml(text: &str) -> Option<String> {
    let (_, after) = text.split_once("<Code>")?;
    let (code, _) = after.split_once("</Code>")?;
    Some(code.trim().to_owned())
}

/// The text after the key `__type` of a CBOR map: a text string's head is 0x60 plus its length up
/// to 23, or 0x78 and one byte of length. <https://www.rfc-editor.org/rfc/rfc8949#section-3>
fn in_cbor(body: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\x66__type";
    let at = body.windows(KEY.len()).position(|window| window == KEY)?;
    let rest = &body[at + KEY.len()..];
    let (length, text) = match rest {
        [head @ 0x60..=0x77, text @ ..] => (usize::from(head - 0x60), text),
        [0x78, length, text @ ..] => (usize::from(*length), text),
        _ => return None,
    };
    String::from_utf8(text.get(..length)?.to_vec()).ok()
}
