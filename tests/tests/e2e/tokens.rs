//! The security checklist, lines 15 to 22: access tokens (RFC 8725).

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cartwheel_tests::shop::{SIGNING_SEED, database_port, key_pair};
use cartwheel_tests::{Answer, Client, Shop, Shopper, environment};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

crate::tests![
    no_algorithm_but_ed25519_is_accepted_whatever_the_header_says,
    a_key_id_that_is_not_ours_is_refused_and_looked_up_nowhere,
    a_key_in_the_header_is_not_used,
    times_are_checked_with_sixty_seconds_of_skew,
    issuer_audience_and_type_are_checked,
    a_token_that_was_changed_anywhere_is_401_and_never_500,
    tokens_of_the_key_before_are_good_until_it_is_taken_off_the_list,
    tokens_carry_no_personal_data_and_no_rsa_is_linked,
];

const HEADER: &str = r#"{"typ":"at+jwt","alg":"EdDSA","kid":"test-1"}"#;

fn base64(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A token with this header and these claims, signed by the shop's own key.
fn signed(header: &str, claims: &str) -> String {
    signed_by(SIGNING_SEED, header, claims)
}

fn signed_by(seed: [u8; 32], header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64(header), base64(claims));
    let signature = SigningKey::from_bytes(&seed).sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", base64(signature))
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

async fn present(client: &Client, token: &str) -> Answer {
    client.call("GET", "/users/verify-token").bearer(token).send().await
}

async fn refused(shopper: &Shopper, token: &str, context: &str) {
    // By the service that made it, and by one that asks that service.
    for path in ["/users/verify-token", "/orders/cart"] {
        let answer = shopper.client.call("GET", path).bearer(token).send().await;
        assert_eq!(answer.status, 401, "{context} at {path}");
        assert_eq!(
            answer.problem(401, "invalid-token")["detail"],
            "the access token is not valid; log in or refresh it"
        );
    }
}

/// The claims of a shopper's token with some of them changed; null takes one away.
fn with(shopper: &Shopper, changes: Value) -> String {
    let mut claims = claims(&shopper.token);
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims.to_string()
}

async fn no_algorithm_but_ed25519_is_accepted_whatever_the_header_says(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let payload = with(&ada, json!({}));
    // The same claims, signed as they should be, are good: what follows is refused for its header alone.
    present(&shop.client, &signed(HEADER, &payload)).await.expect(200);
    let public = SigningKey::from_bytes(&SIGNING_SEED).verifying_key().to_bytes();
    for alg in
        ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "PS256", "ES256", "ES384", "eddsa"]
    {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"test-1"}}"#);
        let message = format!("{}.{}", base64(&header), base64(&payload));
        refused(&ada, &format!("{message}."), alg).await;
        refused(&ada, &message, alg).await;
        refused(&ada, &signed(&header, &payload), alg).await;
        for key in [&public[..], base64(public).as_bytes()] {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(message.as_bytes());
            refused(&ada, &format!("{message}.{}", base64(mac.finalize().into_bytes())), alg).await;
        }
    }
}

async fn a_key_id_that_is_not_ours_is_refused_and_looked_up_nowhere(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let payload = with(&ada, json!({}));
    let no_kid = r#"{"typ":"at+jwt","alg":"EdDSA"}"#.to_owned();
    let long = "k".repeat(10_000);
    let kids = [
        "test-2",
        "TEST-1",
        "",
        " test-1",
        "test-1 ",
        "../test-1",
        "../../../../etc/passwd",
        "'",
        "' or '1'='1",
        "test-1'; drop table users;--",
        "test-1\\u0000",
        "\\u0000",
        "%00",
        "*",
        long.as_str(),
    ];
    let headers = kids.iter().map(|kid| format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#));
    let odd = ["1", "null", "true", "[\"test-1\"]", "{}"];
    let odd = odd.iter().map(|kid| format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":{kid}}}"#));
    for header in headers.chain(odd).chain([no_kid]) {
        refused(&ada, &signed(&header, &payload), header.get(..80).unwrap_or(&header)).await;
    }
}

async fn a_key_in_the_header_is_not_used(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let payload = with(&ada, json!({}));
    let theirs = [66; 32];
    let x = base64(SigningKey::from_bytes(&theirs).verifying_key().to_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "test-1", "alg": "EdDSA" });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!(format!("{}/jwks.json", shop.mailbox.url))),
        ("x5u", json!(format!("{}/cert.pem", shop.mailbox.url))),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header: Value = serde_json::from_str(HEADER).unwrap();
        header[name] = value;
        refused(&ada, &signed_by(theirs, &header.to_string(), &payload), name).await;
    }
    // What must be understood and is not makes even our own signature worth nothing.
    let critical = r#"{"typ":"at+jwt","alg":"EdDSA","kid":"test-1","crit":["exp"],"exp":1}"#;
    refused(&ada, &signed(critical, &payload), "crit").await;
    let unknown = r#"{"typ":"at+jwt","alg":"EdDSA","kid":"test-1","crit":["b64"],"b64":false}"#;
    refused(&ada, &signed(unknown, &payload), "crit").await;
}

async fn times_are_checked_with_sixty_seconds_of_skew(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let now = claims(&ada.token)["iat"].as_i64().unwrap();
    for (changes, is_good) in [
        (json!({ "exp": now - 30 }), true),
        (json!({ "exp": now - 61 }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": "never" }), false),
        (json!({ "exp": 0 }), false),
        (json!({ "exp": -1 }), false),
        (json!({ "nbf": now + 55 }), true),
        (json!({ "nbf": now + 90 }), false),
        (json!({ "nbf": i64::MAX }), false),
        (json!({ "iat": now + 55 }), true),
        (json!({ "iat": now + 90 }), false),
        (json!({ "iat": now + 1_000_000 }), false),
    ] {
        let token = signed(HEADER, &with(&ada, changes.clone()));
        match is_good {
            true => drop(present(&shop.client, &token).await.expect(200)),
            false => refused(&ada, &token, &changes.to_string()).await,
        }
    }
}

async fn issuer_audience_and_type_are_checked(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let other = shop.client.shopper().await;
    for changes in [
        json!({ "iss": "another-issuer" }),
        json!({ "iss": null }),
        json!({ "iss": ["cartwheel", "x"], "aud": "other" }),
        json!({ "aud": "another-service" }),
        json!({ "aud": null }),
        json!({ "sub": null }),
        json!({ "sub": "0" }),
        json!({ "sub": "-1" }),
        json!({ "sub": "01" }),
        json!({ "sub": "1e3" }),
        json!({ "sid": null }),
        json!({ "sid": 0 }),
        json!({ "sid": "1" }),
        // Our signature, but a session that is another's.
        json!({ "sub": other.id.to_string() }),
    ] {
        refused(&ada, &signed(HEADER, &with(&ada, changes.clone())), &changes.to_string()).await;
    }
    for typ in [r#""typ":"JWT","#, r#""typ":"rt+jwt","#, r#""typ":"","#, ""] {
        let header = format!(r#"{{{typ}"alg":"EdDSA","kid":"test-1"}}"#);
        refused(&ada, &signed(&header, &with(&ada, json!({}))), typ).await;
    }
    refused(&ada, &ada.refresh_token, "a refresh token").await;
}

async fn a_token_that_was_changed_anywhere_is_401_and_never_500(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let token = &ada.token;
    let characters = token.len();
    // One bit of every seventh character; the unit tests flip one of each.
    for position in (0..characters).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[position] ^= 1;
        refused(&ada, &String::from_utf8(bytes).unwrap(), &format!("character {position}")).await;
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{token}") };
    let once = with(&ada, json!({}));
    let doubled = format!("{},\"sub\":\"1\"}}", once.trim_end_matches('}'));
    let doubled_header = r#"{"typ":"at+jwt","alg":"EdDSA","alg":"none","kid":"test-1"}"#;
    // The signature's last character has four bits that mean nothing: another spelling of the same bytes.
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = signature.as_bytes()[signature.len() - 1];
    let index = alphabet.iter().position(|letter| *letter == last).unwrap();
    let spelling = format!("{}{}", &signature[..signature.len() - 1], alphabet[index ^ 1] as char);
    for changed in [
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{spelling}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{}", &signature[1..]),
        signed(HEADER, &doubled),
        signed(doubled_header, &once),
        signed(HEADER, "[]"),
        signed(HEADER, "null"),
        signed(HEADER, "{}"),
        signed("[]", &once),
        signed(HEADER, &format!("{once}x")),
        "A".repeat(7000),
        "....".to_owned(),
    ] {
        refused(&ada, &changed, &changed).await;
    }
    present(&shop.client, token).await.expect(200);
}

async fn tokens_of_the_key_before_are_good_until_it_is_taken_off_the_list(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let (old_signing, old_public) = key_pair("test-1", SIGNING_SEED);
    let (new_signing, new_public) = key_pair("test-2", [43; 32]);
    let both = format!("{new_public},{old_public}");
    let during = Shop::start_with(
        database_port(),
        &[
            ("TOKEN_SIGNING_KEY", &new_signing),
            ("TOKEN_RETIRED_SIGNING_KEY", &old_signing),
            ("TOKEN_VERIFICATION_KEYS", &both),
        ],
    );
    present(&during.client, &ada.token).await.expect(200);
    let published = during.client.get("/users/.well-known/jwks.json").await.expect(200).json();
    let kids: Vec<_> = published["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(kids, ["test-2", "test-1"]);
    // Users stay logged in: the old refresh token gets tokens of the new key.
    let next = during.client.refresh(&ada.refresh_token).await.expect(200).json();
    let token = next["token"].as_str().unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["kid"], "test-2");

    let after = [("TOKEN_SIGNING_KEY", new_signing.as_str()), ("TOKEN_VERIFICATION_KEYS", &new_public)];
    let after = Shop::start_with(database_port(), &after);
    present(&after.client, &ada.token).await.problem(401, "invalid-token");
    after.client.refresh(&ada.refresh_token).await.problem(401, "invalid-refresh-token");
    present(&after.client, token).await.expect(200);
    after.client.refresh(next["refreshToken"].as_str().unwrap()).await.expect(200);
    // The new key is not known where it was not rolled out.
    present(&shop.client, token).await.problem(401, "invalid-token");
}

async fn tokens_carry_no_personal_data_and_no_rsa_is_linked(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let claims = claims(&ada.token);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "nbf", "role", "sid", "sub"]);
    let seconds = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(seconds, 15 * 60);
    let lock = std::fs::read_to_string(format!("{}/Cargo.lock", environment("CARTWHEEL_ROOT"))).unwrap();
    assert!(!lock.contains("name = \"rsa\""), "RUSTSEC-2023-0071 has no fix");
}
