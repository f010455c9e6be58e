-- Parameters: account, the last id of the page before, how many.
select coalesce(json_agg(address_json(page.id) order by page.id), '[]')::text
from (
  select id
  from user_addresses
  where user_id = $1::bigint and id > coalesce($2::bigint, 0)
  order by id
  limit $3::bigint
) page
