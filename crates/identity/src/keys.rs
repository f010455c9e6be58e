//! The keys that sign and verify access tokens, as the variables have them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;
use sha2::Sha256;

use crate::eddsa;

/// Why a key could not be read. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not `kid:key` with a key id of 1 to 32 letters, digits, `-` or `_` and 32 bytes in base64url")]
pub struct InvalidKey;

/// The private key of new tokens. Does not show itself.
pub struct SigningKey {
    pub(crate) kid: String,
    pub(crate) key: EncodingKey,
    refresh_key: [u8; 32],
    one_time_key: [u8; 32],
}

/// The private key of new tokens, and the one that it replaced for as long as refresh tokens of that one are in use.
#[derive(Debug)]
pub struct SigningKeys {
    /// Signs.
    pub current: SigningKey,
    /// Only recognises what it made itself.
    pub retired: Option<SigningKey>,
}

impl SigningKeys {
    /// The keys that made what is still accepted, the current one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.retired)
    }
}

/// The public keys of tokens that are still accepted, more than one during a rotation.
#[derive(Debug, Clone)]
pub struct VerificationKeys(Vec<VerificationKey>);

#[derive(Clone)]
struct VerificationKey {
    kid: String,
    /// base64url, as a JWK has it.
    x: String,
    key: DecodingKey,
}

/// A public key for others (RFC 7517, RFC 8037 section 2).
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
    /// Reads `kid:seed`, the seed being 32 bytes in base64url.
    ///
    /// # Errors
    /// [`InvalidKey`]
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (kid, seed) = parse_pair(text)?;
        // A key of its own for each kind of token: one key, one purpose.
        let derive = |purpose: &[u8]| -> Result<[u8; 32], InvalidKey> {
            let mut mac = Hmac::<Sha256>::new_from_slice(&seed).map_err(|_| InvalidKey)?;
            mac.update(purpose);
            Ok(mac.finalize().into_bytes().into())
        };
        Ok(Self {
            refresh_key: derive(b"cartwheel refresh token key")?,
            one_time_key: derive(b"cartwheel one-time token key")?,
            key: eddsa::encoding_key(&seed),
            kid,
        })
    }

    /// The key that authenticates refresh tokens.
    pub(crate) fn refresh_key(&self) -> &[u8; 32] {
        &self.refresh_key
    }

    /// The key that one-time tokens are derived with.
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
    /// Reads `kid:public-key`, comma separated.
    ///
    /// # Errors
    /// [`InvalidKey`], also for an empty list.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let keys: Result<Vec<_>, InvalidKey> =
            text.split(',').map(|pair| VerificationKey::parse(pair.trim())).collect();
        keys.map(Self)
    }

    /// The key of this id. The id is compared, never used to look anything up elsewhere (RFC 8725 section 3.10).
    pub(crate) fn find(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.kid == kid).map(|key| &key.key)
    }

    /// The keys for the JWK set.
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
        let key = DecodingKey::from_ed_components(&x).map_err(|_| InvalidKey)?;
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
