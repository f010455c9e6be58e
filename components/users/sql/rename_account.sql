-- Parameters: account, expected versions (null for any), name.
with found as (
  select id, version from users where id = $1::bigint for no key update
), changed as (
  update users u
  set full_name = $3::text, version = u.version + 1, updated_at = now()
  from found f
  where u.id = f.id and ($2::text is null or f.version::text = any (string_to_array($2::text, ',')))
  returning u.id, account_json(
    u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
  ) as account
), entry as (
  insert into user_audit_log (user_id, action) select id, 'profile-changed' from changed
)
select json_build_object(
  'outcome', case when c.id is null then 'stale' else 'made' end,
  'value', c.account
)::text
from found f
left join changed c on c.id = f.id
