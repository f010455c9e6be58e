-- Newest first. Parameters: account, the last id of the page before, how many.
select coalesce(json_agg(json_build_object(
  'id', id, 'action', action, 'metadata', metadata, 'createdAt', rfc3339(created_at)
) order by id desc), '[]')::text
from (
  select *
  from user_audit_log
  where user_id = $1::bigint and ($2::bigint is null or id < $2::bigint)
  order by id desc
  limit $3::bigint
) page
