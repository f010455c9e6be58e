-- Redeems a reset token: sets the new password and ends all sessions. The message also verifies the address that it was sent
-- to. Returns false if the token is unknown, redeemed or expired.
create or replace function reset_password(p_token_hash text, p_password_hash text) returns boolean
language plpgsql as $$
declare
  account_id bigint;
  address text;
begin
  -- Deletes the token first: of two concurrent requests the second one finds none.
  delete from one_time_tokens
  where token_hash = p_token_hash and purpose = 'password-reset' and expires_at > now()
  returning user_id into account_id;
  if not found then
    return false;
  end if;
  update users
  set password_hash = p_password_hash,
      password_version = password_version + 1,
      email_verified_at = coalesce(email_verified_at, now()),
      updated_at = now()
  where id = account_id and disabled_at is null
  returning email into address;
  if not found then
    return false;
  end if;
  perform end_sessions(account_id, null);
  perform forget_attempts(address);
  insert into notifications (user_id, kind) values (account_id, 'password-changed');
  insert into user_audit_log (user_id, action) values (account_id, 'password-reset');
  return true;
end
$$;
