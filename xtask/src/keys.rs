//! `keys`: creates token keys. Also creates the secrets of a development shop, in `.cartwheel/dev.env`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;

use crate::arguments;
use crate::state::State;

/// Secrets by the names of their variables.
type Secrets = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(crate) struct GenerateOptions {
    kid: Option<String>,
}

impl arguments::Options for GenerateOptions {
    const USAGE: &str = "\
cargo xtask keys generate [--kid NAME]

Prints a new pair of token keys, for a cluster. The keys are not stored.

--kid NAME    the id of the key, production-1 by default";

    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "kid" => self.kid = Some(arguments::text(arguments)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[derive(Debug, Default)]
pub(crate) struct RotateOptions {
    state: Option<PathBuf>,
}

impl arguments::Options for RotateOptions {
    const USAGE: &str = "\
cargo xtask keys rotate [--state DIRECTORY]

Creates a new signing key for the development shop; the previous one stays valid.

--state DIRECTORY    the folder of the shop's data, .cartwheel by default";

    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "state" => self.state = Some(arguments::path(arguments)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Loads the secrets of a development shop, or creates them.
pub(crate) fn load_or_create(file: &Path) -> anyhow::Result<Secrets> {
    if !file.exists() {
        write(file, &create()?)?;
    }
    load(file)
}

fn load(file: &Path) -> anyhow::Result<Secrets> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read {}: `cargo xtask up` creates it", file.display()))?;
    Ok(parse(&text))
}

/// Writes the file atomically, readable by its owner only.
fn write(file: &Path, secrets: &Secrets) -> anyhow::Result<()> {
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

pub(crate) fn generate(options: &GenerateOptions) -> anyhow::Result<()> {
    let kid = options.kid.as_deref().unwrap_or("production-1");
    let is_kid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ensure!(!kid.is_empty() && kid.bytes().all(is_kid), "a kid has letters, digits and hyphens");
    let (signing, verification) = key_pair(kid, random::<32>()?);
    println!("SIGNING_KEY={signing}\nVERIFICATION_KEY={verification}");
    Ok(())
}

/// Creates a new signing key. Tokens of the previous key stay valid, those of the key before it do not.
pub(crate) fn rotate(options: &RotateOptions) -> anyhow::Result<()> {
    let file = State::new(options.state.as_deref())?.file("dev.env");
    let rotated = rotated(load(&file)?, random::<32>()?)?;
    write(&file, &rotated)?;
    let signing = rotated.get("TOKEN_SIGNING_KEY").and_then(|key| key.split_once(':'));
    eprintln!(
        "{} signs tokens from the next `cargo xtask up` on; tokens of the previous key stay valid",
        signing.map_or("the new key", |(kid, _)| kid)
    );
    Ok(())
}

fn rotated(mut secrets: Secrets, seed: [u8; 32]) -> anyhow::Result<Secrets> {
    let old = secrets.get("TOKEN_SIGNING_KEY").context("the file has no TOKEN_SIGNING_KEY")?.clone();
    let (kid, _) = old.split_once(':').context("TOKEN_SIGNING_KEY is not kid:seed")?;
    let number: u32 = kid.strip_prefix("dev-").and_then(|number| number.parse().ok()).unwrap_or(1);
    let keys = secrets.get("TOKEN_VERIFICATION_KEYS").map(String::as_str).unwrap_or_default();
    let old_public = keys.split(',').find(|key| key.split(':').next() == Some(kid));
    let old_public =
        old_public.context("TOKEN_VERIFICATION_KEYS does not contain the signing key")?.to_owned();
    let (signing, public) = key_pair(&format!("dev-{}", number.saturating_add(1)), seed);
    secrets.insert("TOKEN_SIGNING_KEY".to_owned(), signing);
    secrets.insert("TOKEN_VERIFICATION_KEYS".to_owned(), format!("{public},{old_public}"));
    secrets.insert("TOKEN_RETIRED_SIGNING_KEY".to_owned(), old);
    Ok(secrets)
}

fn parse(text: &str) -> Secrets {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn create() -> anyhow::Result<Secrets> {
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
fn key_pair(kid: &str, seed: [u8; 32]) -> (String, String) {
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let key = |bytes: [u8; 32]| format!("{kid}:{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    (key(seed), key(public))
}

/// Returns a random password.
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
        let created = create().unwrap();
        let bytes = |name: &str| -> [u8; 32] {
            let text = created[name].strip_prefix("dev-1:").unwrap();
            BASE64_URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
        };
        let public = SigningKey::from_bytes(&bytes("TOKEN_SIGNING_KEY")).verifying_key().to_bytes();
        assert_eq!(public, bytes("TOKEN_VERIFICATION_KEYS"));
    }

    #[test]
    fn a_rotation_keeps_the_key_before_and_no_older_one() {
        let first = create().unwrap();
        let second = rotated(first.clone(), [2; 32]).unwrap();
        let third = rotated(second.clone(), [3; 32]).unwrap();
        let kids = |secrets: &Secrets, name: &str| {
            let keys = secrets[name].split(',').map(|key| key.split(':').next().unwrap().to_owned());
            keys.collect::<Vec<_>>()
        };
        assert_eq!(kids(&second, "TOKEN_VERIFICATION_KEYS"), ["dev-2", "dev-1"]);
        assert_eq!(kids(&third, "TOKEN_VERIFICATION_KEYS"), ["dev-3", "dev-2"]);
        assert_eq!(kids(&third, "TOKEN_SIGNING_KEY"), ["dev-3"]);
        assert_eq!(third["TOKEN_RETIRED_SIGNING_KEY"], second["TOKEN_SIGNING_KEY"]);
        assert_eq!(third["USERS_DB_PASSWORD"], first["USERS_DB_PASSWORD"]);
    }
}
