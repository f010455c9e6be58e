//! `keys`: creates and rotates token keys.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use crate::arguments;
use crate::secrets::{Secrets, key_pair, load, random, write};
use crate::state::State;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::create;

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
