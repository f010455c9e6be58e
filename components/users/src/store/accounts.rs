use capability::db::OnConstraint as _;
use capability::{Database, DbError, Statement};
use identity::PasswordHash;
use identity::one_time::LIFETIME_S;
use kernel::{Email, UserId};
use web::IfMatch;

use crate::domain::account::Account;
use crate::domain::administration::{Administration, AuditEntry};
use crate::domain::session::{Device, Started};
use crate::store::{Change, MailedToken, PageOf, change, optional, required};

/// Why nobody was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// There is an account with this address already.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// What an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// Nothing personal is left.
    Erased,
    /// The password was changed meanwhile, or the account is gone already.
    Refused,
    /// The shop would have no admin any more.
    LastAdmin,
}

/// Inserts the account with its first session, a token that proves its address, and the audit entry. `refresh_hash` is what
/// is kept of its refresh token.
///
/// # Errors
/// [`RegisterError::EmailTaken`] if the address is in use.
pub async fn register(
    db: &impl Database,
    (email, full_name): (&Email, &str),
    password_hash: &PasswordHash,
    (refresh_hash, lifetime_s): (&str, i64),
    device: &Device,
    verification: &MailedToken,
) -> Result<Started, RegisterError> {
    const REGISTER: Statement = Statement::once("register", include_str!("../../sql/register.sql"));
    let params = [
        email.as_str().into(),
        password_hash.expose().into(),
        full_name.into(),
        refresh_hash.into(),
        device.user_agent.as_deref().into(),
        device.ip.as_deref().into(),
        lifetime_s.into(),
        (&verification.salt).into(),
        (&verification.hash).into(),
        LIFETIME_S.into(),
    ];
    let answer =
        db.query(&REGISTER, &params).await.on_constraint("users_email_key", RegisterError::EmailTaken)?;
    Ok(required(&REGISTER, answer)?)
}

/// Gives an account another name.
///
/// # Errors
/// [`DbError`]
pub async fn rename_account(
    db: &impl Database,
    user: UserId,
    if_match: Option<&IfMatch>,
    full_name: &str,
) -> Result<Change<Account>, DbError> {
    const RENAME_ACCOUNT: Statement =
        Statement::once("rename_account", include_str!("../../sql/rename_account.sql"));
    let versions = if_match.map(IfMatch::versions);
    let params = [user.get().into(), versions.as_deref().into(), full_name.into()];
    change(&RENAME_ACCOUNT, db.query(&RENAME_ACCOUNT, &params).await?)
}

/// Puts a new password in the place of the one of `version`, and ends all sessions but `kept`. `false` if the password is
/// another one by now.
///
/// # Errors
/// [`DbError`]
pub async fn change_password(
    db: &impl Database,
    user: UserId,
    kept: kernel::SessionId,
    version: i64,
    password_hash: &PasswordHash,
) -> Result<bool, DbError> {
    const CHANGE_PASSWORD: Statement =
        Statement::once("change_password", include_str!("../../sql/change_password.sql"));
    let params = [user.get().into(), kept.get().into(), version.into(), password_hash.expose().into()];
    required(&CHANGE_PASSWORD, db.query(&CHANGE_PASSWORD, &params).await?)
}

/// Ends an account for good, if `version` is still its password.
///
/// # Errors
/// [`DbError`]
pub async fn erase_account(db: &impl Database, user: UserId, version: i64) -> Result<Erasure, DbError> {
    const ERASE_ACCOUNT: Statement =
        Statement::once("erase_account", include_str!("../../sql/erase_account.sql"));
    match db.query(&ERASE_ACCOUNT, &[user.get().into(), version.into()]).await?.as_deref() {
        Some("erased") => Ok(Erasure::Erased),
        Some("last-admin") => Ok(Erasure::LastAdmin),
        _ => Ok(Erasure::Refused),
    }
}

/// Everything that is held about a person, as finished JSON.
///
/// # Errors
/// [`DbError`]
pub async fn export_account(db: &impl Database, user: UserId) -> Result<Option<String>, DbError> {
    const EXPORT_ACCOUNT: Statement =
        Statement::repeatable("export_account", include_str!("../../sql/export_account.sql"));
    db.query(&EXPORT_ACCOUNT, &[user.get().into()]).await
}

/// The accounts whose address or name fits a LIKE pattern, newest first.
///
/// # Errors
/// [`DbError`]
pub async fn list_accounts(
    db: &impl Database,
    pattern: Option<&str>,
    page: PageOf,
) -> Result<Vec<Account>, DbError> {
    const LIST_ACCOUNTS: Statement =
        Statement::repeatable("list_accounts", include_str!("../../sql/list_accounts.sql"));
    let params = [pattern.into(), page.after.into(), page.limit.into()];
    required(&LIST_ACCOUNTS, db.query(&LIST_ACCOUNTS, &params).await?)
}

/// An account.
///
/// # Errors
/// [`DbError`]
pub async fn find_account(db: &impl Database, user: UserId) -> Result<Option<Account>, DbError> {
    const FIND_ACCOUNT: Statement =
        Statement::repeatable("find_account", include_str!("../../sql/find_account.sql"));
    optional(&FIND_ACCOUNT, db.query(&FIND_ACCOUNT, &[user.get().into()]).await?)
}

/// Changes what an account's owner may do. Disabling ends all sessions.
///
/// # Errors
/// [`DbError`]
pub async fn administer_account(
    db: &impl Database,
    admin: UserId,
    user: UserId,
    if_match: Option<&IfMatch>,
    wanted: Administration,
) -> Result<Change<Account>, DbError> {
    const ADMINISTER_ACCOUNT: Statement =
        Statement::repeatable("administer_account", include_str!("../../sql/administer_account.sql"));
    // With versions, the second time finds the version of the first.
    const ADMINISTER_VERSION: Statement = Statement { is_repeatable: false, ..ADMINISTER_ACCOUNT };
    let statement = if if_match.is_some() { ADMINISTER_VERSION } else { ADMINISTER_ACCOUNT };
    let versions = if_match.map(IfMatch::versions);
    let params = [
        admin.get().into(),
        user.get().into(),
        versions.as_deref().into(),
        wanted.role.map(identity::Role::as_str).into(),
        wanted.disabled.into(),
    ];
    change(&statement, db.query(&statement, &params).await?)
}

/// What was done to an account, newest first.
///
/// # Errors
/// [`DbError`]
pub async fn list_audit_log(
    db: &impl Database,
    user: UserId,
    page: PageOf,
) -> Result<Vec<AuditEntry>, DbError> {
    const LIST_AUDIT_LOG: Statement =
        Statement::repeatable("list_audit_log", include_str!("../../sql/list_audit_log.sql"));
    let params = [user.get().into(), page.after.into(), page.limit.into()];
    required(&LIST_AUDIT_LOG, db.query(&LIST_AUDIT_LOG, &params).await?)
}
