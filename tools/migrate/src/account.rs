//! The first accounts. An admin is made here and never by an endpoint.

use anyhow::Context as _;
use identity::{HashCost, Password, PasswordHasher};
use kernel::Email;

use crate::migrations::connect;

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Its address.
    pub email: &'a str,
    /// Its owner's name.
    pub full_name: &'a str,
    /// `customer` or `admin`.
    pub role: &'a str,
    /// What its owner logs in with.
    pub password: &'a str,
}

/// Makes an account, or leaves the one that has the address as it is. Returns whether it was made.
///
/// # Errors
/// For an address, a password or a role that cannot be.
pub async fn create_account(address: &str, account: &NewAccount<'_>) -> anyhow::Result<bool> {
    let email = Email::parse(account.email).context("the e-mail address")?;
    let password = Password::choose(account.password).context("the password")?;
    let client = connect(address).await?;
    // PostgreSQL has no generator of random bytes without an extension, but two random UUIDs have 244 random bits.
    let row = client.query_one("select gen_random_uuid()::text || gen_random_uuid()::text", &[]).await?;
    let seed: String = row.try_get(0)?;
    let mut salt = [0; 16];
    for (byte, random) in salt.iter_mut().zip(<sha2::Sha256 as sha2::Digest>::digest(seed)) {
        *byte = random;
    }
    let hash = PasswordHasher::new(HashCost::MINIMUM).hash(&password, salt)?;
    let made = client
        .execute(
            "with new_user as (
               insert into users (email, full_name, role, password_hash, email_verified_at) values ($1, $2, $3, $4, now())
               on conflict on constraint users_email_key do nothing
               returning id
             )
             insert into user_audit_log (user_id, action, metadata)
             select id, 'register', '{\"by\":\"migrate\"}' from new_user",
            &[&email.as_str(), &account.full_name, &account.role, &hash.expose()],
        )
        .await?;
    Ok(made > 0)
}
