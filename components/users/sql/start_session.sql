-- Nothing is returned for an account that was disabled since its password was checked.
with account as (
  select id, email, full_name, role, created_at from users where id = $1::bigint and disabled_at is null
), new_session as (
  insert into user_sessions (user_id, token_hash, user_agent, ip, expires_at)
  select id, $2::text, $3::text, $4::text, now() + make_interval(secs => $5::bigint) from account
  returning id
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select id, 'login', jsonb_build_object('ip', $4::text) from account
)
select json_build_object(
  'sessionId', s.id,
  'user', json_build_object(
    'id', u.id, 'email', u.email, 'fullName', u.full_name, 'role', u.role, 'createdAt', rfc3339(u.created_at)
  )
)::text
from account u, new_session s
