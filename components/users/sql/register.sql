-- The account, its first session and the audit entry: all of them or none.
with new_user as (
  insert into users (email, password_hash, full_name)
  values ($1::text, $2::text, $3::text)
  returning id, email, full_name, role, created_at
), new_session as (
  insert into user_sessions (user_id, token_hash, user_agent, ip, expires_at)
  select id, $4::text, $5::text, $6::text, now() + make_interval(secs => $7::bigint)
  from new_user
  returning id
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select id, 'register', jsonb_build_object('ip', $6::text) from new_user
)
select json_build_object(
  'sessionId', s.id,
  'user', json_build_object(
    'id', u.id, 'email', u.email, 'fullName', u.full_name, 'role', u.role, 'createdAt', rfc3339(u.created_at)
  )
)::text
from new_user u, new_session s
