//! The keys that sign and verify access tokens, in the form of their variables.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::EncodingKey;
use kernel::hmac_sha256;
use serde::Serialize;

use crate::eddsa;

/// A key cannot be parsed. The message does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not `kid:key` with a key id of 1 to 32 letters, digits, `-` or `_` and 32 bytes in base64url")]
pub struct InvalidKey;

/// A private key. Its `Debug` form omits the value.
pub struct SigningKey {
    pub(crate) kid: String,
    pub(crate) key: EncodingKey,
    refresh_key: [u8; 32],
    one_time_key: [u8; 32],
}

/// The private key of new tokens, and the retired one while refresh tokens of it are in use.
#[derive(Debug)]
pub struct SigningKeys {
    /// Signs new tokens.
    pub current: SigningKey,
    /// Verifies the tokens that it has signed.
    pub retired: Option<SigningKey>,
}

impl SigningKeys {
    /// Returns the keys of all accepted tokens, the current one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.retired)
    }
}

/// The public keys of all accepted access tokens, more than one during a rotation.
#[derive(Debug, Clone)]
pub struct VerificationKeys(Vec<VerificationKey>);

#[derive(Clone)]
struct VerificationKey {
    kid: String,
    /// The public key in base64url, the form of a JWK.
    x: String,
    key: VerifyingKey,
}

/// A public key in the published JWK set (RFC 7517, RFC 8037 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicJwk {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

impl SigningKey {
    /// Parses `kid:seed`; the seed is 32 bytes in base64url.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (kid, seed) = parse_pair(text)?;
        // Each kind of token has a key of its own.
        Ok(Self {
            refresh_key: hmac_sha256(&seed, &[b"cartwheel refresh token key"]),
            one_time_key: hmac_sha256(&seed, &[b"cartwheel one-time token key"]),
            key: eddsa::encoding_key(&seed),
            kid,
        })
    }

    /// Returns the key of the MAC in refresh tokens.
    pub(crate) fn refresh_key(&self) -> &[u8; 32] {
        &self.refresh_key
    }

    /// Returns the key from which one-time tokens are derived.
    pub(crate) fn one_time_key(&self) -> &[u8; 32] {
        &self.one_time_key
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, ..)", self.kid)
    }
}

impl VerificationKeys {
    /// Parses a comma separated list of `kid:public-key`, which must not be empty.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let keys: Result<Vec<_>, InvalidKey> =
            text.split(',').map(|pair| VerificationKey::parse(pair.trim())).collect();
        keys.map(Self)
    }

    /// Returns the key with this id. The id is compared only, never used to fetch a key (RFC 8725 section 3.10).
    pub(crate) fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|key| key.kid == kid).map(|key| &key.key)
    }

    /// Returns the published JWK set.
    #[must_use]
    pub fn jwks(&self) -> Vec<PublicJwk> {
        let jwk = |key: &VerificationKey| PublicJwk {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.kid.clone(),
            x: key.x.clone(),
        };
        self.0.iter().map(jwk).collect()
    }
}

impl VerificationKey {
    fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (kid, point) = parse_pair(text)?;
        let x = BASE64_URL_SAFE_NO_PAD.encode(point);
        let key = VerifyingKey::from_bytes(&point).map_err(|_| InvalidKey)?;
        Ok(Self { kid, x, key })
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerificationKey({})", self.kid)
    }
}

fn parse_pair(text: &str) -> Result<(String, [u8; 32]), InvalidKey> {
    let (kid, key) = text.split_once(':').ok_or(InvalidKey)?;
    let is_kid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=32).contains(&kid.len()) || !kid.bytes().all(is_kid) {
        return Err(InvalidKey);
    }
    let key = BASE64_URL_SAFE_NO_PAD.decode(key).map_err(|_| InvalidKey)?;
    Ok((kid.to_owned(), key.try_into().map_err(|_| InvalidKey)?))
}
