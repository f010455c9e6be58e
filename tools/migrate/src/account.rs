//! Creates the first accounts. No endpoint creates an admin.

use anyhow::Context as _;
use identity::{HashCost, Password, PasswordHasher};
use kernel::Email;

use crate::migrations::connect;

/// An account to create.
#[derive(Debug)]
pub struct NewAccount<'a> {
    pub email: &'a str,
    pub full_name: &'a str,
    /// `customer` or `admin`.
    pub role: &'a str,
    pub password: &'a str,
}

/// Creates an account unless one has the e-mail address. Returns whether it was created.
///
/// # Errors
/// If the e-mail address, the password or the role is invalid, or the database cannot be changed.
pub async fn create_account(address: &str, account: &NewAccount<'_>) -> anyhow::Result<bool> {
    let email = Email::parse(account.email).context("the e-mail address")?;
    let password = Password::choose(account.password).context("the password")?;
    let client = connect(address).await?;
    // PostgreSQL returns random bytes only with an extension, but two random UUIDs have 244 random bits.
    let row = client.query_one("select gen_random_uuid()::text || gen_random_uuid()::text", &[]).await?;
    let seed: String = row.try_get(0)?;
    let mut salt = [0; 16];
    for (byte, random) in salt.iter_mut().zip(<sha2::Sha256 as sha2::Digest>::digest(seed)) {
        *byte = random;
    }
    let hash = PasswordHasher::new(HashCost::MINIMUM).hash(&password, salt)?;
    let created = client
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
    Ok(created > 0)
}
