//! The secrets of a development shop, in `.cartwheel/dev.env`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;

/// Secrets by the names of their variables.
pub(crate) type Secrets = BTreeMap<String, String>;

/// Loads the secrets of a development shop, or creates them.
pub(crate) fn load_or_create(file: &Path) -> anyhow::Result<Secrets> {
    if !file.exists() {
        write(file, &create()?)?;
    }
    load(file)
}

/// Loads the secrets of a shop that `up` has created.
pub(crate) fn load(file: &Path) -> anyhow::Result<Secrets> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read {}: `cargo xtask up` creates it", file.display()))?;
    Ok(parse(&text))
}

/// Writes the file atomically, readable by its owner only.
pub(crate) fn write(file: &Path, secrets: &Secrets) -> anyhow::Result<()> {
    let mut text = String::from("# The secrets of this development shop. Remove the file for new ones.\n");
    for (name, value) in secrets {
        text.push_str(&format!("{name}={value}\n"));
    }
    let fresh = file.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    out.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", fresh.display()))?;
    fs::rename(&fresh, file).with_context(|| format!("cannot write {}", file.display()))
}

fn parse(text: &str) -> Secrets {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Creates the secrets of a new shop.
pub(crate) fn create() -> anyhow::Result<Secrets> {
    let (signing, public) = key_pair("dev-1", random::<32>()?);
    let secrets = [
        ("TOKEN_SIGNING_KEY", signing),
        ("TOKEN_VERIFICATION_KEYS", public),
        ("SERVICE_TOKEN", password()?),
        ("USERS_DB_PASSWORD", password()?),
        ("PRODUCTS_DB_PASSWORD", password()?),
    ];
    Ok(secrets.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Returns `kid:seed` and `kid:public-key`.
pub(crate) fn key_pair(kid: &str, seed: [u8; 32]) -> (String, String) {
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let key = |bytes: [u8; 32]| format!("{kid}:{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    (key(seed), key(public))
}

/// Returns a random password.
pub(crate) fn password() -> anyhow::Result<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<24>()?))
}

pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_secrets_is_read_line_by_line() {
        let secrets = parse("# comment\nA=x=y\nB=\n");
        assert_eq!(secrets.get("A").map(String::as_str), Some("x=y"));
        assert_eq!(secrets.len(), 2);
    }

    #[test]
    fn the_two_keys_belong_together() {
        let created = create().unwrap();
        let bytes = |name: &str| -> [u8; 32] {
            let text = created[name].strip_prefix("dev-1:").unwrap();
            BASE64_URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
        };
        let public = SigningKey::from_bytes(&bytes("TOKEN_SIGNING_KEY")).verifying_key().to_bytes();
        assert_eq!(public, bytes("TOKEN_VERIFICATION_KEYS"));
    }
}
