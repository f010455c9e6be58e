-- Counts a login and returns the stored password hash, in one round trip before the password is hashed. An address without
-- an account is counted in the same way. Locks the client's counter before the account's, so that concurrent logins cannot
-- deadlock.
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
