-- Newest first. Parameters: what an address or a name has in it (a LIKE pattern, null for all), the last id of the page
-- before, how many.
select coalesce(json_agg(account_json(
    u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
  ) order by u.id desc), '[]')::text
from (
  select id
  from users
  where ($1::text is null or (email || ' ' || full_name) ilike $1::text)
    and ($2::bigint is null or id < $2::bigint)
  order by id desc
  limit $3::bigint
) page
join users u on u.id = page.id
