-- Returns a page of accounts, newest first.
-- Parameters: LIKE pattern for the address and the name (null for all), the last id of the previous page, page size.
with fetched as (
  select id
  from users
  where ($1::text is null or (email || ' ' || full_name) ilike $1::text)
    and ($2::bigint is null or id < $2::bigint)
  order by id desc
  limit $3::bigint + 1
), page as (
  select id from fetched order by id desc limit $3::bigint
)
select json_build_object(
  'next', case when (select count(*) from fetched) > $3::bigint then (select min(id) from page) end,
  'items', (
    select coalesce(json_agg(account_json(
      u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
    ) order by u.id desc), '[]')
    from page
    join users u on u.id = page.id
  )
)::text
