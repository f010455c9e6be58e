use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::*;
use crate::SigningKey;

fn signing_keys(text: &str) -> SigningKeys {
    SigningKeys { current: SigningKey::parse(text).unwrap(), retired: None }
}

fn key_pair(kid: &str, seed: u8) -> (String, String) {
    let public = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes();
    let text = |bytes: [u8; 32]| format!("{kid}:{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    (text([seed; 32]), text(public))
}

pub(crate) fn public_key(kid: &str, seed: u8) -> String {
    key_pair(kid, seed).1
}

pub(crate) fn issuer(kid: &str, seed: u8, audience: &str) -> TokenIssuer {
    let (signing, verification) = key_pair(kid, seed);
    let verification = VerificationKeys::parse(&verification).unwrap();
    TokenIssuer::new(signing_keys(&signing), verification, "cartwheel", audience)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn sign(issuer: &TokenIssuer) -> String {
    let (user, session) = (UserId::try_from(7).unwrap(), SessionId::try_from(9).unwrap());
    issuer.sign(user, session, Role::Customer, at("2026-01-01T00:00:00Z"), [1; 16]).unwrap()
}

#[test]
fn a_token_is_verified_until_it_expires() {
    let issuer = issuer("k1", 1, "shop");
    let token = sign(&issuer);
    let claims = issuer.verify(&token, at("2026-01-01T00:14:59Z")).unwrap();
    assert_eq!((claims.user().map(UserId::get), claims.session().get()), (Some(7), 9));
    assert!(issuer.verify(&token, at("2026-01-01T00:15:59Z")).is_ok(), "within the skew");
    assert!(issuer.verify(&token, at("2026-01-01T00:16:00Z")).is_err());
    assert!(issuer.verify(&token, at("2025-12-31T23:58:00Z")).is_err(), "issued in the future");
}

#[test]
fn a_token_of_another_key_audience_or_key_id_is_rejected() {
    let issuer_1 = issuer("k1", 1, "shop");
    let now = at("2026-01-01T00:00:00Z");
    for other in [issuer("k1", 2, "shop"), issuer("k1", 1, "elsewhere"), issuer("k2", 1, "shop")] {
        assert_eq!(issuer_1.verify(&sign(&other), now), Err(InvalidToken));
    }
}

#[test]
fn the_header_cannot_choose_the_algorithm() {
    let issuer = issuer("k1", 1, "shop");
    let token = sign(&issuer);
    let (_, rest) = token.split_once('.').unwrap();
    let payload = rest.split_once('.').unwrap().0;
    for alg in ["none", "None", "", "HS256", "RS256", "ES256"] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"k1"}}"#);
        let header = BASE64_URL_SAFE_NO_PAD.encode(header);
        for forged in [format!("{header}.{rest}"), format!("{header}.{payload}.")] {
            assert_eq!(issuer.verify(&forged, at("2026-01-01T00:00:00Z")), Err(InvalidToken), "{alg}");
        }
    }
}

#[test]
fn one_flipped_bit_anywhere_is_rejected() {
    let issuer = issuer("k1", 1, "shop");
    let token = sign(&issuer);
    for position in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[position] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(issuer.verify(&changed, at("2026-01-01T00:00:00Z")).is_err(), "{position}");
        }
    }
    for garbage in ["", ".", "..", "a.b.c", &"A".repeat(100_000), &format!("{token}.x"), &token[1..]] {
        assert!(issuer.verify(garbage, at("2026-01-01T00:00:00Z")).is_err());
    }
}

#[test]
fn two_keys_are_accepted_during_a_rotation() {
    let (old_signing, old_public) = key_pair("old", 1);
    let (new_signing, new_public) = key_pair("new", 2);
    let build = |signing: &str| {
        let keys = VerificationKeys::parse(&format!("{old_public}, {new_public}")).unwrap();
        TokenIssuer::new(signing_keys(signing), keys, "cartwheel", "shop")
    };
    let (before, after) = (build(&old_signing), build(&new_signing));
    assert!(after.verify(&sign(&before), at("2026-01-01T00:00:00Z")).is_ok());
    assert_eq!(after.verification_keys().jwks().len(), 2);
    assert_eq!(format!("{:?}", after.signing_keys().current), "SigningKey(new, ..)");
}
