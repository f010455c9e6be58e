-- Returns a page of an account's audit log, newest first.
-- Parameters: account, the last id of the previous page, page size.
with fetched as (
  select id, action, metadata, created_at
  from user_audit_log
  where user_id = $1::bigint and ($2::bigint is null or id < $2::bigint)
  order by id desc
  limit $3::bigint + 1
), page as (
  select * from fetched order by id desc limit $3::bigint
)
select json_build_object(
  'next', case when (select count(*) from fetched) > $3::bigint then (select min(id) from page) end,
  'items', (
    select coalesce(json_agg(json_build_object(
      'id', id, 'action', action, 'metadata', metadata, 'createdAt', rfc3339(created_at)
    ) order by id desc), '[]')
    from page
  )
)::text
