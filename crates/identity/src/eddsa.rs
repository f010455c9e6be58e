//! The only signature algorithm, Ed25519, so that the header of a token cannot choose another one.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use signature::Signer;

/// The bytes before the 32 bytes of the seed in a PKCS #8 private key (RFC 8410 section 7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: no_verifier,
    // Needed for RSA and elliptic-curve JWKs only; `keys` writes the Ed25519 JWKs itself.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Installs the provider. Required before `jsonwebtoken` signs; idempotent.
pub(crate) fn install() {
    let _ = PROVIDER.install_default();
}

pub(crate) fn encoding_key(seed: &[u8; 32]) -> EncodingKey {
    EncodingKey::from_ed_der(&[&PKCS8_PREFIX[..], &seed[..]].concat())
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    require_eddsa(algorithm)?;
    let seed = key.as_bytes().strip_prefix(&PKCS8_PREFIX).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
    Ok(Box::new(Ed25519Signer(SigningKey::from_bytes(seed.ok_or(ErrorKind::InvalidEddsaKey)?))))
}

/// `TokenVerifier` verifies signatures with [`is_signed`], not through the provider.
fn no_verifier(_: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

/// Returns whether `signature`, in base64url, is the key's signature of the message.
pub(crate) fn is_signed(key: &VerifyingKey, message: &str, signature: &str) -> bool {
    let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else { return false };
    let Ok(signature) = Signature::from_slice(&signature) else { return false };
    // Strict verification rejects small-order keys and malleable signatures (RFC 8032 section 8.4).
    key.verify_strict(message.as_bytes(), &signature).is_ok()
}

fn require_eddsa(algorithm: &Algorithm) -> Result<(), Error> {
    if *algorithm == Algorithm::EdDSA { Ok(()) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
}

struct Ed25519Signer(SigningKey);

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.0.try_sign(message).map(|signature: Signature| signature.to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
