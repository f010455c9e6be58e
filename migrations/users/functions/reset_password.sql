-- Redeems a reset token: once, in time, and with it every session ends. Whoever has the message has the address, so that
-- is proven too. False if the token is not good.
create or replace function reset_password(p_token_hash text, p_password_hash text) returns boolean
language plpgsql as $$
declare
  subject bigint;
  address text;
begin
  -- Removing the token is what makes it good once: of two at a time, the second finds nothing.
  delete from one_time_tokens
  where token_hash = p_token_hash and purpose = 'password-reset' and expires_at > now()
  returning user_id into subject;
  if not found then
    return false;
  end if;
  update users
  set password_hash = p_password_hash,
      password_version = password_version + 1,
      email_verified_at = coalesce(email_verified_at, now()),
      updated_at = now()
  where id = subject and disabled_at is null
  returning email into address;
  if not found then
    return false;
  end if;
  perform end_sessions(subject, null);
  perform forget_attempts(address);
  insert into notifications (user_id, kind) values (subject, 'password-changed');
  insert into user_audit_log (user_id, action) values (subject, 'password-reset');
  return true;
end
$$;
