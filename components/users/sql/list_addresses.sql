-- Returns a page of an account's addresses, oldest first.
-- Parameters: account, the last id of the previous page, page size.
with fetched as (
  select id
  from user_addresses
  where user_id = $1::bigint and id > coalesce($2::bigint, 0)
  order by id
  limit $3::bigint + 1
), page as (
  select id from fetched order by id limit $3::bigint
)
select json_build_object(
  'next', case when (select count(*) from fetched) > $3::bigint then (select max(id) from page) end,
  'items', (select coalesce(json_agg(address_json(id) order by id), '[]') from page)
)::text
