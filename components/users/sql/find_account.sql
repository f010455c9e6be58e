-- The account behind a session that is good.
select json_build_object(
  'id', u.id, 'email', u.email, 'fullName', u.full_name, 'role', u.role, 'createdAt', rfc3339(u.created_at)
)::text
from user_sessions s
join users u on u.id = s.user_id
where s.id = $1::bigint
  and u.id = $2::bigint
  and s.revoked_at is null
  and s.expires_at > now()
  and u.disabled_at is null
