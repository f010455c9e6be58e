//! In, out, and where else one is in.

use identity::hasher::Verdict;
use identity::one_time::Purpose;
use identity::{Password, RefreshToken};
use kernel::SessionId;
use serde::Serialize;
use web::{Call, Problem, Reply, fields};

use super::passwords::{self, Turn};
use super::{caller, page, page_of};
use crate::domain::account::{Credentials, Login, Registration};
use crate::domain::session::{Device, Listed, RotationOutcome, Started, Tokens};
use crate::domain::throttle;
use crate::store::{self, LoginAdmission, MailedToken, RegisterError};
use crate::{App, Host};

pub(super) async fn register<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let person = Registration::read(call.json().await?)?;
    let client = throttle::client(call.client_address(app.config.trusted_hops));
    let turn = passwords::turn(app).await?;
    let admission =
        store::admit_registration(&app.host, &person.email, &client, app.config.registrations).await?;
    admission.client.require("registrations from this address")?;
    let answer = match admission.is_taken {
        // Nothing is hashed in vain. That the address is taken is no secret here: the answer says so.
        true => Err(RegisterError::EmailTaken.into()),
        false => create(app, &call, person, turn).await,
    };
    admission.client.report(answer)
}

async fn create<H: Host>(
    app: &App<H>,
    call: &Call,
    person: Registration,
    mut turn: Turn<'_, H>,
) -> Result<Reply, Problem> {
    let hash = turn.hash(&person.password)?;
    let session = NewSession::of(app, call);
    let keys = app.config.tokens.signing_keys();
    let verification = MailedToken::new(keys, Purpose::EmailVerification, app.host.bytes());
    let started = store::register(
        &app.host,
        (&person.email, &person.full_name),
        &hash,
        (&session.refresh_hash(), app.config.lifetimes.absolute_s),
        &session.device,
        &verification,
    )
    .await?;
    Ok(session.issue(app, started)?.created_at("/users/me"))
}

pub(super) async fn log_in<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let login = Login::read(call.json().await?)?;
    let client = throttle::client(call.client_address(app.config.trusted_hops));
    let turn = passwords::turn(app).await?;
    let admission = store::admit_login(&app.host, login.email.as_ref(), &client, app.config.logins).await?;
    admission.client.require("logins from this address")?;
    if let Some(account) = &admission.account {
        account.require("wrong passwords for this account")?;
    }
    let LoginAdmission { client, credentials, .. } = admission;
    client.report(verify(app, &call, &login.password, credentials, turn).await)
}

async fn verify<H: Host>(
    app: &App<H>,
    call: &Call,
    password: &Password,
    meant: Option<Credentials>,
    mut turn: Turn<'_, H>,
) -> Result<Reply, Problem> {
    let session = NewSession::of(app, call);
    let user = meant.as_ref().map(|credentials| credentials.user);
    let known = meant.filter(|credentials| !credentials.is_disabled);
    // Always hashed, whoever it is and whatever their state: the time must not tell which of them is the reason.
    let kept = known.as_ref().map(|credentials| &credentials.password_hash);
    let verdict = turn.compare(password, kept)?;
    let rehashed = match verdict {
        Verdict::Outdated => Some(turn.hash(password)?),
        Verdict::Right | Verdict::Wrong => None,
    };
    let started = match known.filter(|_| verdict != Verdict::Wrong) {
        Some(known) => {
            let password = (known.user, known.password_version);
            let refresh = (&*session.refresh_hash(), app.config.lifetimes.absolute_s);
            store::start_session(&app.host, password, rehashed.as_ref(), refresh, &session.device).await?
        }
        None => None,
    };
    let Some(started) = started else {
        store::record_failed_login(&app.host, user, &session.device).await?;
        return Err(Problem::unauthorized(
            "invalid-credentials",
            "the e-mail address or the password is wrong",
        ));
    };
    session.issue(app, started)
}

pub(super) async fn refresh<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let mut body = call.json().await?;
    let presented = body.required("refreshToken", |value| fields::text(value).map(str::to_owned));
    let presented = body.finish(|| presented)?;
    let refused =
        || Problem::unauthorized("invalid-refresh-token", "the refresh token is not valid; log in again");
    let keys = app.config.tokens.signing_keys();
    let token = RefreshToken::parse(&presented, keys).map_err(|_| refused())?;
    let rotated = store::rotate_session(&app.host, &token, app.config.lifetimes.idle_s).await?;
    let rotated = rotated.ok_or_else(refused)?;
    match rotated.outcome {
        RotationOutcome::Rotated | RotationOutcome::Repeated => {
            let started = Started { session: rotated.session, account: rotated.account };
            issue(app, started, token.at_rotation(rotated.rotation))
        }
        RotationOutcome::Replayed => {
            let session = token.session();
            Err(refused()
                .caused_by(format!("a retired refresh token was replayed, session {session} was ended")))
        }
    }
}

pub(super) async fn log_out<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    store::revoke_session(&app.host, caller.session, caller.id(), "logout").await?;
    Ok(Reply::no_content())
}

pub(super) async fn log_out_everywhere<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    store::revoke_all_sessions(&app.host, caller.id()).await?;
    Ok(Reply::no_content())
}

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Shown {
        id: SessionId,
        current: bool,
        user_agent: Option<String>,
        ip: Option<String>,
        created_at: kernel::Timestamp,
        last_used_at: kernel::Timestamp,
        expires_at: kernel::Timestamp,
    }
    let wanted = page_of(app, call, "sessions")?;
    let caller = caller::identified(app, call).await?;
    let rows = store::list_sessions(&app.host, caller.id(), wanted, app.config.lifetimes.idle_s).await?;
    let show = |row: Listed| Shown {
        id: row.id,
        current: row.id == caller.session,
        user_agent: row.user_agent,
        ip: row.ip,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    };
    page(app, "sessions", wanted, rows, |row| row.id.get(), show)
}

pub(super) async fn revoke<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    let id = call.id(0, "session")?;
    if store::revoke_session(&app.host, id, caller.id(), "session-revoked").await? {
        Ok(Reply::no_content())
    } else {
        Err(Problem::not_found("session"))
    }
}

/// A session that a client asks for, before the database has it.
struct NewSession {
    device: Device,
    random: [u8; 16],
}

impl NewSession {
    fn of<H: Host>(app: &App<H>, call: &Call) -> Self {
        let user_agent = call.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
        let device = Device {
            user_agent: user_agent.map(|text| text.chars().take(300).collect()),
            ip: call.client_address(app.config.trusted_hops).map(|ip| ip.to_string()),
        };
        Self { device, random: app.host.bytes() }
    }

    /// What the database keeps of the session's refresh tokens.
    fn refresh_hash(&self) -> String {
        RefreshToken::hash_of(&self.random)
    }

    fn issue<H: Host>(self, app: &App<H>, started: Started) -> Result<Reply, Problem> {
        let refresh = RefreshToken::new(started.session, 0, self.random);
        issue(app, started, refresh)
    }
}

fn issue<H: Host>(app: &App<H>, started: Started, refresh: RefreshToken) -> Result<Reply, Problem> {
    let tokens = Tokens::issue(&app.config.tokens, started, refresh, app.host.now(), app.host.bytes());
    Reply::ok(&tokens.map_err(Problem::internal)?)
}
