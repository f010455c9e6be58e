use capability::db::OnConstraint as _;
use capability::{Database, DbError, Param, Statement};
use identity::PasswordHash;
use identity::one_time::ONE_TIME_TOKEN_LIFETIME_S;
use kernel::{SessionId, UserId};

use crate::domain::account::{Account, NewAccount};
use crate::domain::administration::{AccountUpdate, AuditEntry};
use crate::domain::notification::MailedToken;
use crate::domain::session::{NewSession, Session};
use crate::store::{Change, change, list_page, optional, required};
use kernel::ExpectedVersion;
use kernel::page::{PageItems, PageRequest};

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    #[error(transparent)]
    Database(#[from] DbError),
}

/// The outcome of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    Erased,
    /// The account has another password by now, or is erased or disabled.
    Rejected,
    /// The shop would have no admin who can log in.
    LastAdmin,
}

/// Inserts an account with its first session, the token that verifies its address, and the audit entry.
pub async fn register(
    db: &impl Database,
    account: &NewAccount,
    session: &NewSession,
    verification: &MailedToken,
) -> Result<Session, RegisterError> {
    const REGISTER: Statement = Statement::once("register", include_str!("../../sql/register.sql"));
    let params: [Param<'_>; 10] = [
        account.email.as_str().into(),
        account.password_hash.expose().into(),
        (&account.full_name).into(),
        (&session.refresh_hash).into(),
        session.device.user_agent.as_deref().into(),
        session.device.ip.as_deref().into(),
        session.lifetime_s.into(),
        (&verification.salt).into(),
        (&verification.hash).into(),
        ONE_TIME_TOKEN_LIFETIME_S.into(),
    ];
    let answer =
        db.query(&REGISTER, &params).await.on_constraint("users_email_key", RegisterError::EmailTaken)?;
    Ok(required(&REGISTER, answer)?)
}

pub async fn rename_account(
    db: &impl Database,
    user: UserId,
    expected: &ExpectedVersion,
    full_name: &str,
) -> Result<Change<Account>, DbError> {
    const RENAME_ACCOUNT: Statement =
        Statement::once("rename_account", include_str!("../../sql/rename_account.sql"));
    let versions = expected.as_param();
    let params = [user.get().into(), versions.as_deref().into(), full_name.into()];
    change(&RENAME_ACCOUNT, db.query(&RENAME_ACCOUNT, &params).await?)
}

/// Replaces the password of `version` and ends all sessions except `remaining`. Returns false if the account has another
/// password by now.
pub async fn change_password(
    db: &impl Database,
    user: UserId,
    remaining: SessionId,
    version: i64,
    password_hash: &PasswordHash,
) -> Result<bool, DbError> {
    const CHANGE_PASSWORD: Statement =
        Statement::once("change_password", include_str!("../../sql/change_password.sql"));
    let params = [user.get().into(), remaining.get().into(), version.into(), password_hash.expose().into()];
    required(&CHANGE_PASSWORD, db.query(&CHANGE_PASSWORD, &params).await?)
}

/// Erases an account permanently if its password still is the one of `version`.
pub async fn erase_account(db: &impl Database, user: UserId, version: i64) -> Result<Erasure, DbError> {
    const ERASE_ACCOUNT: Statement =
        Statement::once("erase_account", include_str!("../../sql/erase_account.sql"));
    match db.query(&ERASE_ACCOUNT, &[user.get().into(), version.into()]).await?.as_deref() {
        Some("erased") => Ok(Erasure::Erased),
        Some("last-admin") => Ok(Erasure::LastAdmin),
        _ => Ok(Erasure::Rejected),
    }
}

/// Returns all data about a person as finished JSON.
pub async fn export_account(db: &impl Database, user: UserId) -> Result<Option<String>, DbError> {
    const EXPORT_ACCOUNT: Statement =
        Statement::repeatable("export_account", include_str!("../../sql/export_account.sql"));
    db.query(&EXPORT_ACCOUNT, &[user.get().into()]).await
}

/// Returns the accounts whose address or name matches the LIKE pattern, newest first.
pub async fn list_accounts(
    db: &impl Database,
    pattern: Option<&str>,
    page: &PageRequest<i64>,
) -> Result<PageItems<Account, i64>, DbError> {
    const LIST_ACCOUNTS: Statement =
        Statement::repeatable("list_accounts", include_str!("../../sql/list_accounts.sql"));
    let params = [pattern.into(), page.after.into(), page.limit.get().into()];
    list_page(&LIST_ACCOUNTS, db.query(&LIST_ACCOUNTS, &params).await?)
}

pub async fn find_account(db: &impl Database, user: UserId) -> Result<Option<Account>, DbError> {
    const FIND_ACCOUNT: Statement =
        Statement::repeatable("find_account", include_str!("../../sql/find_account.sql"));
    optional(&FIND_ACCOUNT, db.query(&FIND_ACCOUNT, &[user.get().into()]).await?)
}

/// Changes the role of an account, or disables or enables it. Disabling ends all its sessions.
pub async fn administer_account(
    db: &impl Database,
    admin: UserId,
    user: UserId,
    expected: &ExpectedVersion,
    update: AccountUpdate,
) -> Result<Change<Account>, DbError> {
    const ADMINISTER_ACCOUNT: Statement =
        Statement::repeatable("administer_account", include_str!("../../sql/administer_account.sql"));
    // With an expected version it is not repeatable: the second run finds the version of the first.
    const ADMINISTER_VERSION: Statement = Statement { is_repeatable: false, ..ADMINISTER_ACCOUNT };
    let versions = expected.as_param();
    let statement = if versions.is_some() { ADMINISTER_VERSION } else { ADMINISTER_ACCOUNT };
    let params = [
        admin.get().into(),
        user.get().into(),
        versions.as_deref().into(),
        update.role.map(identity::Role::as_str).into(),
        update.disabled.into(),
    ];
    change(&statement, db.query(&statement, &params).await?)
}

/// Returns the audit log of an account, newest first.
pub async fn list_audit_log(
    db: &impl Database,
    user: UserId,
    page: &PageRequest<i64>,
) -> Result<PageItems<AuditEntry, i64>, DbError> {
    const LIST_AUDIT_LOG: Statement =
        Statement::repeatable("list_audit_log", include_str!("../../sql/list_audit_log.sql"));
    let params = [user.get().into(), page.after.into(), page.limit.get().into()];
    list_page(&LIST_AUDIT_LOG, db.query(&LIST_AUDIT_LOG, &params).await?)
}
