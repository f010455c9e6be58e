//! The routes, and one short story for each.

use capability::{Clock, Entropy};
use http::{Method, StatusCode};
use identity::{RefreshToken, token};
use serde::Serialize;
use web::fields;
use web::{Call, Health, Origins, Problem, Reply, Route, Service, route};

use crate::account::{Account, Login, Registration};
use crate::session::{Device, Identified, RotationOutcome, Started, Tokens};
use crate::store::{self, RegisterError};
use crate::{App, Host};

/// What each route is called.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the table below says what they are")]
pub enum Name {
    Register,
    LogIn,
    VerifyToken,
    Refresh,
    LogOut,
    Me,
    Jwks,
    Health,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "users";
    type Name = Name;
    const ROUTES: &'static [Route<Name>] = &[
        // For shoppers.
        route(&Method::POST, "/users/register", Name::Register),
        route(&Method::POST, "/users/login", Name::LogIn),
        route(&Method::POST, "/users/token/refresh", Name::Refresh),
        route(&Method::POST, "/users/logout", Name::LogOut),
        route(&Method::GET, "/users/me", Name::Me),
        // For the other services.
        route(&Method::GET, "/users/verify-token", Name::VerifyToken),
        route(&Method::GET, "/users/.well-known/jwks.json", Name::Jwks),
        // For operators.
        route(&Method::GET, "/users/health", Name::Health),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn origins(&self) -> &Origins {
        &self.config.origins
    }

    async fn answer(&self, name: Name, call: Call) -> Result<Reply, Problem> {
        match name {
            Name::Register => register(self, call).await,
            Name::LogIn => log_in(self, call).await,
            Name::Refresh => refresh(self, call).await,
            Name::LogOut => log_out(self, &call).await,
            Name::Me => me(self, &call).await,
            Name::VerifyToken => verify_token(self, &call).await,
            Name::Jwks => jwks(self),
            Name::Health => Health::default().check("database", store::ping(&self.host).await).reply(),
        }
    }
}

async fn register<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let person = Registration::read(call.json().await?)?;
    let hash = person.password.hash(app.host.bytes()).map_err(Problem::internal)?;
    let session = NewSession::of(app, &call);
    let started = store::register(
        &app.host,
        (&person.email, &person.full_name),
        &hash,
        &session.refresh_hash(),
        &session.device,
    )
    .await?;
    Ok(session.issue(app, started)?.created_at("/users/me"))
}

async fn log_in<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let login = Login::read(call.json().await?)?;
    let session = NewSession::of(app, &call);
    let credentials = match &login.email {
        Some(email) => store::find_credentials(&app.host, email).await?,
        None => None,
    };
    // Always hashed, whoever it is and whatever their state: the time must not tell which of them is the reason.
    let is_match = login.password.matches(credentials.as_ref().map(|credentials| &credentials.password_hash));
    let started = match credentials.as_ref().filter(|credentials| is_match && !credentials.is_disabled) {
        Some(known) => {
            store::start_session(&app.host, known.user, &session.refresh_hash(), &session.device).await?
        }
        None => None,
    };
    let Some(started) = started else {
        let meant = credentials.map(|credentials| credentials.user);
        store::record_failed_login(&app.host, meant, &session.device).await?;
        return Err(Problem::unauthorized(
            "invalid-credentials",
            "the e-mail address or the password is wrong",
        ));
    };
    session.issue(app, started)
}

async fn refresh<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let mut body = call.json().await?;
    let presented = body.required("refreshToken", |value| fields::text(value).map(str::to_owned));
    let presented = body.finish(|| presented)?;
    let refused =
        || Problem::unauthorized("invalid-refresh-token", "the refresh token is not valid; log in again");
    let token = RefreshToken::parse(&presented, app.config.tokens.signing_key()).map_err(|_| refused())?;
    let rotated = store::rotate_session(&app.host, &token).await?.ok_or_else(refused)?;
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

async fn log_out<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let known = identified(app, call).await?;
    store::revoke_session(&app.host, known.session, known.user).await?;
    Ok(Reply::no_content())
}

async fn me<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let claims = claims(app, call)?;
    let account: Option<Account> = match claims.user() {
        Some(user) => store::find_account(&app.host, claims.session(), user).await?,
        None => None,
    };
    Reply::ok(&account.ok_or_else(invalid_token)?)
}

async fn verify_token<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let known = identified(app, call).await?;
    Reply::ok(&known)
}

fn jwks<H: Host>(app: &App<H>) -> Result<Reply, Problem> {
    let keys = app.config.tokens.verification_keys().jwks();
    Ok(Reply::ok(&serde_json::json!({ "keys": keys }))?.cached("public, max-age=300"))
}

/// A session that a client asks for, before the database has it.
struct NewSession {
    device: Device,
    random: [u8; 16],
}

impl NewSession {
    fn of<H: Host>(app: &App<H>, call: &Call) -> Self {
        Self { device: device(call), random: app.host.bytes() }
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

fn device(call: &Call) -> Device {
    let user_agent = call.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    Device {
        user_agent: user_agent.map(|text| text.chars().take(300).collect()),
        ip: call.client_address().map(|ip| ip.to_string()),
    }
}

/// The caller's claims: the cheap half of the check, which refuses garbage without asking the database.
fn claims<H: Host>(app: &App<H>, call: &Call) -> Result<token::Claims, Problem> {
    app.config.tokens.verify(call.bearer()?, app.host.now()).map_err(|_| invalid_token())
}

/// A caller whose session is good, as the other services are told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    #[serde(rename = "userId")]
    user: kernel::UserId,
    #[serde(rename = "sessionId")]
    session: kernel::SessionId,
    email: String,
    role: identity::Role,
    expires_at: Option<kernel::Timestamp>,
}

async fn identified<H: Host>(app: &App<H>, call: &Call) -> Result<Known, Problem> {
    let claims = claims(app, call)?;
    let found: Option<Identified> = match claims.user() {
        Some(user) => store::find_session(&app.host, claims.session(), user).await?,
        None => None,
    };
    let Identified { user, email, role, session } = found.ok_or_else(invalid_token)?;
    Ok(Known { user, session, email, role, expires_at: claims.expires_at() })
}

fn invalid_token() -> Problem {
    Problem::unauthorized("invalid-token", token::InvalidToken.to_string())
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Problem::new(
                StatusCode::CONFLICT,
                "email-taken",
                "there is an account with this e-mail address already; log in instead",
            ),
            RegisterError::Database(error) => error.into(),
        }
    }
}
