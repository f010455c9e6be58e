-- Ends a session. Returns no row if the account has no such active session.
-- Parameters: session, account, action for the audit log.
with ended as (
  update user_sessions
  set revoked_at = now()
  where id = $1::bigint and user_id = $2::bigint and revoked_at is null
  returning id, user_id
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select user_id, $3::text, jsonb_build_object('sessionId', id) from ended
)
select 'ended'::text from ended
