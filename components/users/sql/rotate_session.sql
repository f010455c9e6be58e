-- Rotates the refresh token of a session. The row is locked first, so that of two concurrent requests with one token the
-- second one sees the rotation of the first.
-- Parameters: session, refresh token hash, rotation of the token, grace period and idle lifetime in seconds.
with session as (
  select s.id, s.rotation, s.rotated_at, s.user_id
  from user_sessions s
  join users u on u.id = s.user_id
  where s.id = $1::bigint
    and s.token_hash = $2::text
    and s.revoked_at is null
    and s.expires_at > now()
    and s.last_used_at > now() - make_interval(secs => $5::bigint)
    and u.disabled_at is null
  for update of s
), verdict as (
  select id, user_id, rotation,
    case
      when rotation = $3::bigint then 'rotated'
      -- The client lost the response, or sent two requests at once: both get the same successor.
      when rotation = $3::bigint + 1 and rotated_at > now() - make_interval(secs => $4::bigint) then 'repeated'
      else 'replayed'
    end as outcome
  from session
), changed as (
  update user_sessions s
  set rotation = s.rotation + (v.outcome = 'rotated')::int,
      rotated_at = case when v.outcome = 'rotated' then now() else s.rotated_at end,
      last_used_at = now(),
      revoked_at = case when v.outcome = 'replayed' then now() end
  from verdict v
  where s.id = v.id
  returning s.rotation
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select user_id, 'refresh-' || outcome, jsonb_build_object('sessionId', id)
  from verdict
  where outcome <> 'rotated'
)
select json_build_object(
  'outcome', v.outcome, 'rotation', changed.rotation, 'sessionId', v.id, 'account', account_json(
    u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
  )
)::text
from verdict v
join changed on true
join users u on u.id = v.user_id
