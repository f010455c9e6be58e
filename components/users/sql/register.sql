-- Inserts an account, its first session, the token that verifies its address, the message with the token, and the audit
-- entry, in one transaction.
-- Parameters: address, password hash, name, refresh token hash, user agent, ip, session lifetime in seconds, token salt,
-- token hash, token lifetime in seconds.
with new_user as (
  insert into users as u (email, password_hash, full_name)
  values ($1::text, $2::text, $3::text)
  returning u.id, account_json(
    u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
  ) as account
), new_session as (
  insert into user_sessions (user_id, token_hash, user_agent, ip, expires_at)
  select id, $4::text, $5::text, $6::text, now() + make_interval(secs => $7::bigint)
  from new_user
  returning id
), new_token as (
  insert into one_time_tokens (user_id, purpose, salt, token_hash, expires_at)
  select id, 'email-verification', $8::text, $9::text, now() + make_interval(secs => $10::bigint)
  from new_user
), message as (
  insert into notifications (user_id, kind) select id, 'email-verification' from new_user
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select u.id, 'register', jsonb_build_object('ip', $6::text, 'sessionId', s.id) from new_user u, new_session s
)
select json_build_object('sessionId', s.id, 'account', u.account)::text
from new_user u, new_session s
