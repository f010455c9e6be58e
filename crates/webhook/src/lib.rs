//! Signed messages to the receiver that the operator configures: mail for users, and the events of orders.
//!
//! Deliveries follow the Standard Webhooks specification (github.com/standard-webhooks/standard-webhooks): a message has an
//! id that is the same for every attempt, and its signature covers the id, the time of the attempt and the body. A receiver
//! can therefore verify the sender and reject old and repeated messages. The sender keeps a message in its outbox until the
//! receiver has responded 2xx.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod secret;

use bytes::Bytes;
use capability::{Clock, Http, Settings};
use http::Request;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

pub use crate::secret::{InvalidSecret, Secret, Secrets};

/// The header with the id of the message.
pub const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");

/// The header with the time of the attempt, in seconds since 1970.
pub const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");

/// The header with the signatures.
pub const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The receiver of messages.
#[derive(Clone, PartialEq, Eq)]
pub enum Receiver {
    /// Delivery is disabled: messages stay in the outbox.
    Disabled,
    /// Messages are written to the log of a development shop.
    Log,
    /// Messages are posted as signed JSON.
    Webhook(Webhook),
}

/// The URL of a receiver and the secrets of the signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    url: String,
    secrets: Secrets,
}

impl Receiver {
    /// The variables of [`Receiver::read`].
    pub const KEYS: &'static [&'static str] =
        &["environment", "notification_url", "notification_path", "notification_secrets"];

    /// Reads the variables. Faults are reported by [`Settings::finish`].
    ///
    /// Spin requires a host in the list of allowed hosts, so a `.invalid` host (RFC 2606) disables delivery.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let is_development = settings.parsed("environment", |text| match text {
            "production" => Ok(false),
            "development" => Ok(true),
            _ => Err("is neither production nor development"),
        });
        let host = settings.base_url("notification_url")?;
        if host.ends_with(".invalid") {
            return Some(if is_development? { Self::Log } else { Self::Disabled });
        }
        let secrets = settings.parsed("notification_secrets", Secrets::parse);
        let url = format!("{host}{}", settings.optional("notification_path"));
        is_development?;
        Some(Self::Webhook(Webhook { url, secrets: secrets? }))
    }

    /// Returns the name of the receiver in the response of a delivery route.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Disabled => "nobody",
            Self::Log => "log",
            Self::Webhook(_) => "webhook",
        }
    }
}

impl Webhook {
    /// Posts a message.
    ///
    /// # Errors
    /// Returns the reason why the message is not known to have arrived, for the outbox.
    pub async fn post(
        &self,
        host: &(impl Http + Clock),
        message_id: &str,
        body: Vec<u8>,
    ) -> Result<(), String> {
        let timestamp = host.now().unix_seconds();
        let request = Request::post(&self.url)
            .header(WEBHOOK_ID, message_id)
            .header(WEBHOOK_TIMESTAMP, timestamp)
            .header(WEBHOOK_SIGNATURE, self.secrets.sign(message_id, timestamp, &body))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Bytes::from(body))
            .map_err(|error| error.to_string())?;
        let response = host.send(request).await.map_err(|error| error.to_string())?;
        // A redirect is a failure: the operator has configured another receiver.
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
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

#[cfg(test)]
mod tests {
    use capability::HttpError;
    use capability::scripted::Scripted;
    use http::Response;
    use kernel::Timestamp;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn read(environment: &str, url: &str, secrets: &str) -> Result<Receiver, String> {
        let variables = [
            ("environment", environment),
            ("notification_url", url),
            ("notification_path", "/shop"),
            ("notification_secrets", secrets),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut settings: Settings = variables.into_iter().map(owned).collect();
        let receiver = Receiver::read(&mut settings);
        settings.finish(|| receiver).map_err(|error| error.to_string())
    }

    #[test]
    fn an_invalid_host_disables_delivery_or_logs_it_in_development() {
        assert_eq!(read("production", "https://mail.invalid", ""), Ok(Receiver::Disabled));
        assert_eq!(read("development", "https://mail.invalid/", ""), Ok(Receiver::Log));
        assert!(read("staging", "https://mail.invalid", "").unwrap_err().contains("environment"));
        assert!(read("production", "", "").unwrap_err().contains("notification_url"));
    }

    #[test]
    fn a_receiver_needs_a_valid_secret() {
        assert!(matches!(read("production", "https://mail.example/", SECRET), Ok(Receiver::Webhook(_))));
        for secrets in ["", "secret", "whsec_", "whsec_c2hvcnQ="] {
            let fault = read("production", "https://mail.example", secrets).unwrap_err();
            assert!(fault.contains("notification_secrets"), "{secrets:?}: {fault}");
            assert!(!fault.contains("c2hvcnQ="), "{fault}");
        }
    }

    #[tokio::test]
    async fn only_2xx_is_a_delivery() {
        let Ok(Receiver::Webhook(webhook)) = read("production", "https://mail.example", SECRET) else {
            panic!("no webhook")
        };
        for (status, is_delivered) in [(200, true), (204, true), (302, false), (400, false), (500, false)] {
            let response = Response::builder().status(status).body(Bytes::new()).unwrap();
            let host = Scripted::at(Timestamp::default()).http_answers(Ok(response));
            let outcome = webhook.post(&host, "msg_1", b"{}".to_vec()).await;
            assert_eq!(outcome.is_ok(), is_delivered, "{status}: {outcome:?}");
            assert_eq!(host.calls(), ["POST https://mail.example/shop"]);
        }
        let host = Scripted::at(Timestamp::default())
            .http_answers(Err(HttpError::NotSent("connection refused".to_owned())));
        assert!(webhook.post(&host, "msg_1", b"{}".to_vec()).await.is_err());
    }
}
