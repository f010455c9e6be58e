use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kernel::hmac_sha256;

/// The prefix of a secret's text form.
const PREFIX: &str = "whsec_";

/// The length of a secret in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret of the Standard Webhooks specification. It has no `Debug` form.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The secrets that sign every message: one, or two while one replaces the other.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets(Vec<Secret>);

/// A secret cannot be parsed. The message does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a comma separated list of secrets: `whsec_` and 24 to 64 bytes in base64")]
pub struct InvalidSecret;

impl Secret {
    /// Parses `whsec_<base64>`.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let base64 = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let bytes = BASE64_STANDARD.decode(base64).map_err(|_| InvalidSecret)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidSecret) }
    }

    /// Returns the signature of a message: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
    fn sign(&self, message_id: &str, timestamp: &str, body: &[u8]) -> String {
        let parts = [message_id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&self.0, &parts)))
    }
}

impl Secrets {
    /// Parses a comma separated list, which must not be empty.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        text.split(',').map(|secret| Secret::parse(secret.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the value of the header `webhook-signature`: one signature for each secret, separated by spaces.
    #[must_use]
    pub fn sign(&self, message_id: &str, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let signatures = self.0.iter().map(|secret| secret.sign(message_id, &timestamp, body));
        signatures.collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({}, ..)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The test vector of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_signature_is_that_of_the_specification() {
        assert_eq!(Secrets::parse(SECRET).unwrap().sign(ID, TIMESTAMP, BODY), SIGNATURE);
    }

    #[test]
    fn a_message_is_signed_once_for_each_secret() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let secrets = Secrets::parse(&format!("{SECRET}, {other}")).unwrap();
        let signatures = secrets.sign(ID, TIMESTAMP, BODY);
        let (first, second) = signatures.split_once(' ').unwrap();
        assert_eq!(first, SIGNATURE);
        assert_eq!(second, Secrets::parse(other).unwrap().sign(ID, TIMESTAMP, BODY));
    }

    #[test]
    fn the_signature_covers_the_id_the_time_and_the_body() {
        let secrets = Secrets::parse(SECRET).unwrap();
        for changed in [
            secrets.sign("msg_other", TIMESTAMP, BODY),
            secrets.sign(ID, TIMESTAMP + 1, BODY),
            secrets.sign(ID, TIMESTAMP, b"{}"),
        ] {
            assert_ne!(changed, SIGNATURE);
        }
    }

    #[test]
    fn a_secret_is_whsec_and_24_to_64_bytes_in_base64() {
        let encoded = |length: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; length]));
        assert!(Secret::parse(&encoded(24)).is_ok() && Secret::parse(&encoded(64)).is_ok());
        let bare = BASE64_STANDARD.encode([7; 32]);
        for text in ["", "whsec_", "whsec_!", &bare, &encoded(23), &encoded(65)] {
            assert_eq!(Secret::parse(text), Err(InvalidSecret), "{text:?}");
        }
        assert_eq!(Secrets::parse(&format!("{SECRET},")), Err(InvalidSecret));
        assert_eq!(format!("{:?}", Secrets::parse(SECRET).unwrap()), "Secrets(1, ..)");
    }
}
