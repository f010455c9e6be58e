//! Secrets of a developer's own shop: made once, kept in `.cartwheel/dev.env`, of no use anywhere else.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;

/// The secrets by the name of their variable.
pub(crate) fn load_or_make(file: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    if !file.exists() {
        let mut text =
            String::from("# The secrets of this development shop. Remove the file for new ones.\n");
        for (name, value) in make()? {
            text.push_str(&format!("{name}={value}\n"));
        }
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        out.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(parse(&text))
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn make() -> anyhow::Result<Vec<(&'static str, String)>> {
    let seed = random::<32>()?;
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let key = |bytes: [u8; 32]| format!("dev-1:{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    Ok(vec![
        ("TOKEN_SIGNING_KEY", key(seed)),
        ("TOKEN_VERIFICATION_KEYS", key(public)),
        ("SERVICE_TOKEN", password()?),
        ("USERS_DB_PASSWORD", password()?),
        ("PRODUCTS_DB_PASSWORD", password()?),
    ])
}

/// A random password.
pub(crate) fn password() -> anyhow::Result<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<24>()?))
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
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
        let made: BTreeMap<_, _> = make().unwrap().into_iter().collect();
        let bytes = |name: &str| -> [u8; 32] {
            let text = made[name].strip_prefix("dev-1:").unwrap();
            BASE64_URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
        };
        let public = SigningKey::from_bytes(&bytes("TOKEN_SIGNING_KEY")).verifying_key().to_bytes();
        assert_eq!(public, bytes("TOKEN_VERIFICATION_KEYS"));
    }
}
