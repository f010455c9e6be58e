-- What owners and admins change, and how an account ends.

create extension if not exists pg_trgm;
-- An admin types a part of a name or an address.
create index users_search on users using gin ((email || ' ' || full_name) gin_trgm_ops);

-- All sessions of an account, those that have ended too: for the export and the erasure.
create index user_sessions_of_user on user_sessions (user_id, id);
drop index user_sessions_by_user;

-- Counts the changes that a person can see: the ETag.
alter table users add column version bigint not null default 1;
alter table user_addresses add column version bigint not null default 1;
alter table users add column erased_at timestamptz;

-- Saves an address; `p_id` is null for a new one. The account is locked first, so two writers come one after the other, and
-- the second sees what the first made the default. Returns {outcome, value}; `p_versions` is what If-Match names.
create function save_address(
  p_user bigint, p_id bigint, p_versions text, p_max_addresses bigint,
  p_type text, p_street text, p_city text, p_region text, p_postal_code text, p_country text, p_is_default boolean
) returns json
language plpgsql as $$
declare
  saved user_addresses;
begin
  perform from users where id = p_user for no key update;
  if p_id is null then
    if (select count(*) from user_addresses where user_id = p_user) >= p_max_addresses then
      return json_build_object('outcome', 'too-many');
    end if;
  else
    select * into saved from user_addresses where id = p_id and user_id = p_user;
    if not found then
      return json_build_object('outcome', 'absent');
    elsif p_versions is not null and saved.version::text <> all (string_to_array(p_versions, ',')) then
      return json_build_object('outcome', 'stale');
    end if;
  end if;
  if p_is_default then
    update user_addresses
    set is_default = false, version = version + 1, updated_at = now()
    where user_id = p_user and address_type = p_type and is_default and id is distinct from p_id;
  end if;
  if p_id is null then
    insert into user_addresses
      (user_id, address_type, street_address, city, region, postal_code, country, is_default)
    values (p_user, p_type, p_street, p_city, p_region, p_postal_code, p_country, p_is_default)
    returning * into saved;
  else
    update user_addresses
    set address_type = p_type, street_address = p_street, city = p_city, region = p_region,
        postal_code = p_postal_code, country = p_country, is_default = p_is_default,
        version = version + 1, updated_at = now()
    where id = p_id
    returning * into saved;
  end if;
  insert into user_audit_log (user_id, action, metadata)
  values (
    p_user, case when p_id is null then 'address-added' else 'address-changed' end,
    jsonb_build_object('addressId', saved.id)
  );
  return json_build_object('outcome', 'made', 'value', address_json(saved));
end
$$;

-- The one place that says which columns of an address are told.
create function address_json(a user_addresses) returns json
  language sql stable parallel safe
  return json_build_object(
    'id', a.id, 'addressType', a.address_type, 'streetAddress', a.street_address, 'city', a.city, 'region', a.region,
    'postalCode', a.postal_code, 'country', a.country, 'isDefault', a.is_default, 'version', a.version,
    'createdAt', rfc3339(a.created_at), 'updatedAt', rfc3339(a.updated_at)
  );

-- The one place that says which columns of an account are told.
create function account_json(u users) returns json
  language sql stable parallel safe
  return json_build_object(
    'id', u.id, 'email', u.email, 'emailVerified', u.email_verified_at is not null, 'fullName', u.full_name,
    'role', u.role, 'disabledAt', rfc3339(u.disabled_at), 'createdAt', rfc3339(u.created_at), 'version', u.version
  );

-- An admin changes a role or disables an account; null leaves a thing as it is. All admins are locked first, so that two of
-- them cannot take each other's role at the same moment and leave nobody. Returns {outcome, value}.
create function administer_account(p_actor bigint, p_user bigint, p_versions text, p_role text, p_disabled boolean)
returns json
language plpgsql as $$
declare
  before users;
  after users;
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
  return json_build_object('outcome', 'made', 'value', account_json(after));
end
$$;
create index users_admins on users (id) where role = 'admin' and disabled_at is null;

-- Ends an account for good: nothing personal stays, in the audit log neither, and what happened does. Runs with the rights
-- of the tables' owner, because the service itself may not change the log.
create function erase_account(p_user bigint, p_password_version bigint) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from users where role = 'admin' and disabled_at is null order by id for no key update;
  perform from users
  where id = p_user and password_version = p_password_version and erased_at is null and disabled_at is null
  for update;
  if not found then
    return 'refused';
  end if;
  if exists (select from users where id = p_user and role = 'admin')
    and not exists (select from users where role = 'admin' and disabled_at is null and id <> p_user)
  then
    return 'last-admin';
  end if;
  update users
  set email = 'erased-' || id || '@erased.invalid',
      full_name = 'Erased',
      -- Not a hash: no password matches it.
      password_hash = '',
      password_version = password_version + 1,
      role = 'customer',
      email_verified_at = null,
      disabled_at = now(),
      erased_at = now(),
      version = version + 1,
      updated_at = now()
  where id = p_user;
  delete from user_addresses where user_id = p_user;
  delete from one_time_tokens where user_id = p_user;
  delete from notifications where user_id = p_user;
  update user_sessions
  set revoked_at = coalesce(revoked_at, now()), user_agent = null, ip = null, token_hash = ''
  where user_id = p_user;
  update user_audit_log set metadata = metadata - 'ip' where user_id = p_user;
  insert into user_audit_log (user_id, action) values (p_user, 'erased');
  return 'erased';
end
$$;
revoke all on function erase_account(bigint, bigint) from public;
grant execute on function erase_account(bigint, bigint) to users_service;
