-- The same for somebody who is logged in and has to show the password again.
create or replace function admit_password_check(p_user bigint, p_account_limit bigint, p_account_window_s bigint) returns json
language plpgsql as $$
declare
  subject record;
  account json;
begin
  select * into subject from users where id = p_user and disabled_at is null;
  if not found then
    return null;
  end if;
  account := admit('login-account', subject.email, p_account_limit, p_account_window_s);
  return json_build_object(
    'account', account,
    'credentials', json_build_object(
      'userId', subject.id, 'passwordHash', subject.password_hash, 'passwordVersion', subject.password_version,
      'isDisabled', false
    )
  );
end
$$;
