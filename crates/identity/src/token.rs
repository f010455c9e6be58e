//! Access tokens: JWT signed with Ed25519. The verifier fixes the algorithm, not the token (RFC 8725 section 3.1).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use kernel::{SessionId, Timestamp, UserId};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::keys::SigningKeys;
use crate::{Role, VerificationKeys, eddsa};

/// The lifetime of an access token in seconds.
pub const ACCESS_TOKEN_LIFETIME_S: i64 = 15 * 60;

/// The accepted difference between two clocks in seconds.
pub const MAX_SKEW_S: i64 = 60;

/// The longest accepted token in bytes; an issued one has about 400.
const MAX_BYTES: usize = 2048;

/// The claims of an access token (RFC 7519). They hold no personal data, because a token is signed and not encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: SessionId,
    /// A hint for clients; services read the role from the database.
    role: Role,
    iat: i64,
    /// The same as `iat`.
    nbf: i64,
    exp: i64,
    /// Distinguishes two tokens of one session and second.
    jti: String,
}

impl Claims {
    /// Returns the user for whom the token was issued.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        UserId::parse(&self.sub)
    }

    /// Returns the session of the token.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.sid
    }

    /// Returns the expiry of the token.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.exp.checked_mul(1_000_000).and_then(Timestamp::from_unix_micros)
    }

    fn are_current(&self, now: Timestamp) -> bool {
        let now = now.unix_seconds();
        let has_begun = |time: i64| time.saturating_sub(MAX_SKEW_S) <= now;
        self.exp.saturating_add(MAX_SKEW_S) > now && has_begun(self.nbf) && has_begun(self.iat)
    }
}

/// The token is not accepted. Which check failed is not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid; log in or refresh it")]
pub struct InvalidToken;

/// The part of a token's header that decides whether the token is accepted.
#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    typ: String,
    kid: String,
    /// A token with critical extensions is rejected, because none is supported (RFC 7515 section 4.1.11).
    crit: Option<IgnoredAny>,
}

/// Verifies tokens of one issuer for one audience.
#[derive(Debug)]
pub struct TokenVerifier {
    keys: VerificationKeys,
    issuer: String,
    audience: String,
}

impl TokenVerifier {
    /// Creates a verifier of tokens from `issuer` for `audience`.
    #[must_use]
    pub fn new(keys: VerificationKeys, issuer: &str, audience: &str) -> Self {
        Self { keys, issuer: issuer.to_owned(), audience: audience.to_owned() }
    }

    /// Verifies the signature, issuer, audience, type and times of a token and returns its claims. Whether its session is
    /// still valid, only the users service knows.
    // Not `jsonwebtoken::decode`: it parses the header three times and the claims twice, with every JWK parameter that a
    // header may carry, and decompresses the public key for each token.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        if token.len() > MAX_BYTES {
            return Err(InvalidToken);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(InvalidToken)?;
        let (header, claims) = message.split_once('.').ok_or(InvalidToken)?;
        let header: TokenHeader = decode_part(header)?;
        if header.alg != "EdDSA" || header.typ != "at+jwt" || header.crit.is_some() {
            return Err(InvalidToken);
        }
        let key = self.keys.find(&header.kid).ok_or(InvalidToken)?;
        if !eddsa::is_signed(key, message, signature) {
            return Err(InvalidToken);
        }
        let claims: Claims = decode_part(claims)?;
        let is_ours = claims.iss == self.issuer && claims.aud == self.audience;
        if is_ours && claims.are_current(now) { Ok(claims) } else { Err(InvalidToken) }
    }

    /// Returns the public keys.
    #[must_use]
    pub fn keys(&self) -> &VerificationKeys {
        &self.keys
    }
}

fn decode_part<T: DeserializeOwned>(part: &str) -> Result<T, InvalidToken> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| InvalidToken)?;
    serde_json::from_slice(&json).map_err(|_| InvalidToken)
}

/// Signs and verifies tokens.
#[derive(Debug)]
pub struct TokenIssuer {
    signing_keys: SigningKeys,
    verifier: TokenVerifier,
}

impl TokenIssuer {
    /// Creates an issuer of tokens from `issuer` for `audience`.
    #[must_use]
    pub fn new(signing_keys: SigningKeys, keys: VerificationKeys, issuer: &str, audience: &str) -> Self {
        eddsa::install();
        Self { signing_keys, verifier: TokenVerifier::new(keys, issuer, audience) }
    }

    /// Signs a new token for this session.
    ///
    /// # Errors
    /// Returns a message for the log if signing fails.
    pub fn sign(
        &self,
        user: UserId,
        session: SessionId,
        role: Role,
        now: Timestamp,
        jti: [u8; 16],
    ) -> Result<String, String> {
        let iat = now.unix_seconds();
        let claims = Claims {
            iss: self.verifier.issuer.clone(),
            aud: self.verifier.audience.clone(),
            sub: user.to_string(),
            sid: session,
            role,
            iat,
            nbf: iat,
            exp: iat.saturating_add(ACCESS_TOKEN_LIFETIME_S),
            jti: u128::from_be_bytes(jti).to_string(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.signing_keys.current.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing_keys.current.key)
            .map_err(|error| error.to_string())
    }

    /// Verifies a token as [`TokenVerifier::verify`] does.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        self.verifier.verify(token, now)
    }

    /// Returns the private keys, from which refresh tokens and one-time tokens are derived.
    #[must_use]
    pub fn signing_keys(&self) -> &SigningKeys {
        &self.signing_keys
    }

    /// Returns the public keys.
    #[must_use]
    pub fn verification_keys(&self) -> &VerificationKeys {
        self.verifier.keys()
    }
}

#[cfg(test)]
pub(crate) mod tests;
