-- Claims the message that has been due for the longest time. The lease is 30 seconds at the first attempt and doubles with
-- each further one. Concurrent deliveries claim different messages, and the lease of an interrupted delivery expires.
with due as (
  select id
  from notifications
  where delivered_at is null and abandoned_at is null and next_attempt_at <= now()
  order by next_attempt_at
  limit 1
  for update skip locked
), claimed as (
  update notifications n
  set attempts = n.attempts + 1,
      next_attempt_at = now() + make_interval(secs => 30 * 2 ^ least(n.attempts, 7))
  from due
  where n.id = due.id
  returning n.id, n.event_id, n.user_id, n.kind, n.attempts, n.created_at
)
select json_build_object(
  'id', c.id, 'eventId', c.event_id, 'kind', c.kind, 'attempts', c.attempts, 'createdAt', rfc3339(c.created_at),
  'email', u.email, 'fullName', u.full_name, 'userId', u.id,
  'tokenSalt', t.salt, 'tokenHash', t.token_hash, 'expiresAt', rfc3339(t.expires_at)
)::text
from claimed c
join users u on u.id = c.user_id
left join one_time_tokens t on t.user_id = c.user_id and t.purpose = c.kind and t.expires_at > now()
