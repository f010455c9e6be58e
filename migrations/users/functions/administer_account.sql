-- Changes the role of an account, or disables or enables it; null leaves the value unchanged. Returns {outcome, value}.
-- Locks all admins first, so that two admins who demote each other concurrently cannot leave the shop without an admin.
create or replace function administer_account(p_actor bigint, p_user bigint, p_versions text, p_role text, p_disabled boolean)
returns json
language plpgsql as $$
declare
  before record;
  after record;
begin
  perform from users where role = 'admin' and disabled_at is null order by id for no key update;
  select * into before from users where id = p_user and erased_at is null for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif p_versions is not null and before.version::text <> all (string_to_array(p_versions, ',')) then
    return json_build_object('outcome', 'stale');
  end if;
  after := before;
  after.role := coalesce(p_role, before.role);
  after.disabled_at := case
    when p_disabled then coalesce(before.disabled_at, now())
    when not p_disabled then null
    else before.disabled_at
  end;
  if before.role = 'admin' and before.disabled_at is null and (after.role <> 'admin' or after.disabled_at is not null)
    and not exists (select from users where role = 'admin' and disabled_at is null and id <> p_user)
  then
    return json_build_object('outcome', 'last-admin');
  end if;
  if after.role <> before.role or after.disabled_at is distinct from before.disabled_at then
    update users
    set role = after.role, disabled_at = after.disabled_at, version = version + 1, updated_at = now()
    where id = p_user
    returning * into after;
  end if;
  if after.role <> before.role then
    insert into user_audit_log (user_id, action, metadata)
    values (p_user, 'role-changed', jsonb_build_object('by', p_actor, 'from', before.role, 'to', after.role));
  end if;
  if after.disabled_at is not null and before.disabled_at is null then
    perform end_sessions(p_user, null);
    insert into user_audit_log (user_id, action, metadata)
    values (p_user, 'disabled', jsonb_build_object('by', p_actor));
  elsif after.disabled_at is null and before.disabled_at is not null then
    insert into user_audit_log (user_id, action, metadata)
    values (p_user, 'enabled', jsonb_build_object('by', p_actor));
  end if;
  return json_build_object('outcome', 'made', 'value', account_json(
    after.id, after.email, after.email_verified_at, after.full_name, after.role, after.disabled_at, after.created_at,
    after.version
  ));
end
$$;
