-- Returns a page of an account's active sessions, newest first.
-- Parameters: account, the last id of the previous page, page size, idle lifetime in seconds.
with fetched as (
  select id, user_agent, ip, created_at, last_used_at, expires_at
  from user_sessions
  where user_id = $1::bigint
    and revoked_at is null
    and ($2::bigint is null or id < $2::bigint)
    and expires_at > now()
    and last_used_at > now() - make_interval(secs => $4::bigint)
  order by id desc
  limit $3::bigint + 1
), page as (
  select * from fetched order by id desc limit $3::bigint
)
select json_build_object(
  'next', case when (select count(*) from fetched) > $3::bigint then (select min(id) from page) end,
  'items', (
    select coalesce(json_agg(json_build_object(
      'id', id, 'userAgent', user_agent, 'ip', ip, 'createdAt', rfc3339(created_at),
      'lastUsedAt', rfc3339(last_used_at),
      'expiresAt', rfc3339(least(expires_at, last_used_at + make_interval(secs => $4::bigint)))
    ) order by id desc), '[]')
    from page
  )
)::text
