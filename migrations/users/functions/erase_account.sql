-- Erases an account permanently. Removes all personal data, also from the audit log, whose entries remain. Runs with the
-- rights of the tables' owner, because the service has no right to change the log.
create or replace function erase_account(p_user bigint, p_password_version bigint) returns text
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
