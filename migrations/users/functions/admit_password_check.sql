-- Counts a password that an authenticated client presents, together with logins, and returns the stored hash. Returns null
-- if the account does not exist any more.
create or replace function admit_password_check(p_user bigint, p_account_limit bigint, p_account_window_s bigint) returns json
language plpgsql as $$
declare
  stored record;
  account json;
begin
  select * into stored from users where id = p_user and disabled_at is null;
  if not found then
    return null;
  end if;
  account := admit('login-account', stored.email, p_account_limit, p_account_window_s);
  return json_build_object(
    'account', account,
    'credentials', json_build_object(
      'userId', stored.id, 'passwordHash', stored.password_hash, 'passwordVersion', stored.password_version,
      'isDisabled', false
    )
  );
end
$$;
