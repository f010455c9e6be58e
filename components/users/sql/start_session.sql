-- Starts a session with a verified password. Returns no row if the account is disabled or has another password by now. The
-- row is locked, so that the statement waits for a concurrent change of the password.
-- Parameters: account, refresh token hash, user agent, ip, lifetime in seconds, version of the verified password, new
-- password hash (null if the stored one has current parameters).
with account as (
  select u.id, u.email, account_json(
    u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
  ) as account
  from users u
  where u.id = $1::bigint and u.disabled_at is null and u.password_version = $6::bigint
  for no key update
), rehashed as (
  update users u
  set password_hash = $7::text
  from account a
  where u.id = a.id and $7::text is not null
), new_session as (
  insert into user_sessions (user_id, token_hash, user_agent, ip, expires_at)
  select id, $2::text, $3::text, $4::text, now() + make_interval(secs => $5::bigint) from account
  returning id
), attempts_reset as (
  update throttle_counters c
  set attempts = 0
  from account a
  where c.kind = 'login-account' and c.slot = throttle_slot(a.email)
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select a.id, 'login', jsonb_build_object('ip', $4::text, 'sessionId', s.id) from account a, new_session s
)
select json_build_object('sessionId', s.id, 'account', a.account)::text
from account a, new_session s
