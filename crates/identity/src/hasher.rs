//! Password hashing with argon2id, at OWASP's minimum cost or more.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq as _;

use crate::{HashCost, Password, PasswordHash};

/// The length of a hash.
const HASH_BYTES: usize = 32;

/// Hashing failed. The message is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("argon2: {0}")]
pub struct HashingFailed(String);

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or the account has no hash.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, but its hash has another cost than a new one would have: the caller replaces it.
    Outdated,
}

/// Makes and compares hashes. One hash takes 40 to 85 ms in the sandbox and blocks the instance meanwhile.
pub struct PasswordHasher {
    cost: HashCost,
    /// The working memory of argon2, reused by the next hash, so that an instance does not grow with every login.
    memory: Vec<Block>,
}

impl PasswordHasher {
    /// Creates a hasher with this cost.
    #[must_use]
    pub fn new(cost: HashCost) -> Self {
        Self { cost, memory: Vec::new() }
    }

    /// Hashes a password with this salt, for storage.
    pub fn hash(&mut self, password: &Password, salt: [u8; 16]) -> Result<PasswordHash, HashingFailed> {
        let params = self.params()?;
        let out = self.digest(password, &salt, params.clone())?;
        let phc = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(Output::new(&out)?),
        };
        Ok(PasswordHash::from_stored(phc.to_string()))
    }

    /// Compares a password with a stored hash. Without a hash the result is [`Verdict::Wrong`] after the same time:
    /// constant time prevents the enumeration of accounts.
    ///
    /// # Errors
    /// Fails for a stored hash that cannot be parsed.
    pub fn compare(
        &mut self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, HashingFailed> {
        let Some(stored) = stored else {
            let out = self.digest(password, &[0; 16], self.params()?)?;
            std::hint::black_box(out);
            return Ok(Verdict::Wrong);
        };
        let phc = Phc::new(stored.expose())?;
        let (salt, hash) = phc.salt.zip(phc.hash).ok_or_else(|| HashingFailed("not a hash".to_owned()))?;
        let params = Params::try_from(&phc)?;
        let is_current = params.m_cost() == self.cost.memory_kib && params.t_cost() == self.cost.passes;
        let out = self.digest(password, &salt, params)?;
        Ok(match (bool::from(out.ct_eq(hash.as_bytes())), is_current) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::Outdated,
        })
    }

    fn params(&self) -> Result<Params, HashingFailed> {
        let HashCost { memory_kib, passes } = self.cost;
        Params::new(memory_kib, passes, 1, Some(HASH_BYTES)).map_err(HashingFailed::from)
    }

    fn digest(
        &mut self,
        password: &Password,
        salt: &[u8],
        params: Params,
    ) -> Result<[u8; HASH_BYTES], HashingFailed> {
        if self.memory.len() < params.block_count() {
            self.memory.resize(params.block_count(), Block::default());
        }
        let mut out = [0; HASH_BYTES];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(
            password.as_bytes(),
            salt,
            &mut out,
            self.memory.as_mut_slice(),
        )?;
        Ok(out)
    }
}

impl std::fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PasswordHasher({:?}, ..)", self.cost)
    }
}

impl From<argon2::Error> for HashingFailed {
    fn from(error: argon2::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<argon2::password_hash::phc::Error> for HashingFailed {
    fn from(error: argon2::password_hash::phc::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<argon2::password_hash::Error> for HashingFailed {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(HashCost::MINIMUM)
    }

    #[test]
    fn only_the_whole_password_matches_its_hash() {
        let password = Password::choose(&format!("{}a", "x".repeat(80))).unwrap();
        let hash = hasher().hash(&password, [7; 16]).unwrap();
        let compare = |raw: &str| hasher().compare(&Password::present(raw).unwrap(), Some(&hash)).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(compare(&format!("{}a", "x".repeat(80))), Verdict::Right);
        assert_eq!(compare(&format!("{}b", "x".repeat(80))), Verdict::Wrong);
        assert_ne!(hasher().hash(&password, [8; 16]).unwrap(), hash);
    }

    #[test]
    fn without_a_hash_no_password_matches() {
        let compared = hasher().compare(&Password::present("anything").unwrap(), None);
        assert_eq!(compared, Ok(Verdict::Wrong));
        // An erased account has an empty hash.
        let erased = PasswordHash::from_stored(String::new());
        assert!(hasher().compare(&Password::present("").unwrap(), Some(&erased)).is_err());
    }

    #[test]
    fn a_hash_of_another_cost_matches_and_is_outdated() {
        let password = Password::choose("correct horse").unwrap();
        let hash = hasher().hash(&password, [7; 16]).unwrap();
        let mut costly = PasswordHasher::new(HashCost::new(20_000, 3).unwrap());
        assert_eq!(costly.compare(&password, Some(&hash)), Ok(Verdict::Outdated));
        let rehashed = costly.hash(&password, [7; 16]).unwrap();
        assert_eq!(costly.compare(&password, Some(&rehashed)), Ok(Verdict::Right));
        // The working memory has the size of the costlier hash, and the result does not depend on it.
        assert_eq!(costly.compare(&password, Some(&hash)), Ok(Verdict::Outdated));
    }

    #[test]
    fn a_hash_of_the_reference_implementation_is_accepted() {
        // Made with the reference implementation: `argon2 saltsaltsaltsalt -id -k 19456 -t 2 -p 1 -l 32 -e`.
        const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$T95q7S205tf9WI4HhYOZDIQmMMAbntacGXTIku0gXT8";
        let stored = PasswordHash::from_stored(REFERENCE.to_owned());
        assert_eq!(
            hasher().compare(&Password::present("password").unwrap(), Some(&stored)),
            Ok(Verdict::Right)
        );
    }
}
