//! Signed messages to the one receiver that the operator names: mail to people, and what happened to orders.
//!
//! Each message has an id that stays the same however often it is sent, and is signed with the time of sending, so a receiver
//! can tell that it is from us, that it is fresh, and that it has seen it before. Who sends keeps it in an outbox until a
//! receiver has answered 2xx.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use bytes::Bytes;
use capability::{Clock, Http, Settings};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use sha2::Sha256;

/// Who carries the messages.
#[derive(Clone, PartialEq, Eq)]
pub enum Receiver {
    /// Nobody: they wait in the outbox.
    Nobody,
    /// The log of a developer's own shop.
    Log,
    /// Somebody who is posted signed JSON.
    Webhook(Webhook),
}

/// Where messages are posted, and what they are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    url: String,
    /// Two while one replaces the other.
    secrets: Vec<String>,
}

impl Receiver {
    /// The variables that say who it is.
    pub const KEYS: [&'static str; 4] =
        ["environment", "notification_url", "notification_path", "notification_secrets"];

    /// Reads them. A host that cannot exist (RFC 2606) stands for none: Spin wants a host in the list of those that may be
    /// called.
    #[must_use]
    pub fn read(settings: &mut Settings) -> Self {
        let is_development = settings.parsed("environment", false, |text| match text {
            "production" => Ok(false),
            "development" => Ok(true),
            _ => Err("is neither production nor development"),
        });
        let host = settings.required("notification_url").trim_end_matches('/').to_owned();
        if host.ends_with(".invalid") {
            return if is_development { Self::Log } else { Self::Nobody };
        }
        let secrets = settings.required("notification_secrets");
        let secrets = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty());
        Self::Webhook(Webhook {
            url: format!("{host}{}", settings.optional("notification_path")),
            secrets: secrets.map(str::to_owned).collect(),
        })
    }

    /// The receiver in the answer of a delivery.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Log => "log",
            Self::Webhook(_) => "webhook",
        }
    }
}

impl Webhook {
    /// Posts a message.
    ///
    /// # Errors
    /// Why it is not known to have arrived, for the outbox.
    pub async fn post(
        &self,
        host: &(impl Http + Clock),
        event_id: &str,
        body: Vec<u8>,
    ) -> Result<(), String> {
        let timestamp = host.now().unix_seconds();
        let mut request = Request::post(&self.url);
        for (name, value) in [
            ("x-cartwheel-timestamp", timestamp.to_string()),
            ("x-cartwheel-event-id", event_id.to_owned()),
            ("x-cartwheel-signature", signature(&self.secrets, timestamp, &body)),
        ] {
            request = request.header(HeaderName::from_static(name), value);
        }
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = request.body(Bytes::from(body)).map_err(|error| error.to_string())?;
        let answer = host.send(request).await.map_err(|error| error.to_string())?;
        // A redirect is not followed: the receiver is whom the variable names.
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receiver({})", self.name())
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook(..)")
    }
}

/// The header that proves where a message comes from: HMAC-SHA256 over `timestamp.body`, once for each secret.
#[must_use]
pub fn signature(secrets: &[String], timestamp: i64, body: &[u8]) -> String {
    let sign = |secret: &String| {
        #[expect(clippy::expect_used, reason = "an HMAC key may have any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
        mac.update(timestamp.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        let tag = mac.finalize().into_bytes();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("v1={hex}")
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_once_for_each_secret() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac one
        let one = "v1=4d15bf3ea0a52170f550b594e8e29052cb85827caad0da7695dbbffb71a5643e";
        let secrets = ["one".to_owned(), "two".to_owned()];
        let signed = signature(&secrets, 1_700_000_000, b"{}");
        assert!(signed.starts_with(one), "{signed}");
        assert_eq!(signed.split(',').count(), 2);
        assert_ne!(signature(&secrets, 1_700_000_001, b"{}"), signed);
    }
}
