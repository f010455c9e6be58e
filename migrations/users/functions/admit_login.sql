-- What a login needs before the password is hashed, in one round trip: whether it may be tried, and the hash to compare
-- with. An address without an account is counted in the same way. The client's counter is always locked before the
-- account's, so that no two logins wait for each other.
create or replace function admit_login(
  p_email text, p_client text,
  p_client_limit bigint, p_client_window_s bigint, p_account_limit bigint, p_account_window_s bigint
) returns json
language plpgsql as $$
declare
  client json := admit('login-client', p_client, p_client_limit, p_client_window_s);
  account json;
  credentials json;
begin
  if (client->>'isAdmitted')::boolean and p_email is not null then
    account := admit('login-account', p_email, p_account_limit, p_account_window_s);
    if (account->>'isAdmitted')::boolean then
      select json_build_object(
        'userId', id, 'passwordHash', password_hash, 'passwordVersion', password_version,
        'isDisabled', disabled_at is not null
      ) into credentials
      from users
      where email = p_email;
    end if;
  end if;
  return json_build_object('client', client, 'account', account, 'credentials', credentials);
end
$$;
