-- Parameters: address, account, expected versions (null for any).
with found as (
  select id, version from user_addresses where id = $1::bigint and user_id = $2::bigint for update
), removed as (
  delete from user_addresses a
  using found f
  where a.id = f.id and ($3::text is null or f.version::text = any (string_to_array($3::text, ',')))
  returning a.id, a.user_id
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select user_id, 'address-removed', jsonb_build_object('addressId', id) from removed
)
select case when r.id is null then 'stale' else 'removed' end::text
from found f
left join removed r on r.id = f.id
