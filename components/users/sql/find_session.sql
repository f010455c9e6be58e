-- Returns a valid session with its account. Revocation, disabling and changes of role take effect at once, because the
-- account is read here and not from the token.
-- Parameters: session, account, idle lifetime in seconds.
select json_build_object('sessionId', s.id, 'account', account_json(
  u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
))::text
from user_sessions s
join users u on u.id = s.user_id
where s.id = $1::bigint
  and u.id = $2::bigint
  and s.revoked_at is null
  and s.expires_at > now()
  and s.last_used_at > now() - make_interval(secs => $3::bigint)
  and u.disabled_at is null
