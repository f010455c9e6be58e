-- Replaces the password of the given version and ends the other sessions. Returns false if the account has another password
-- by now. Locks the account first: a concurrent login with the old password either has started its session, which is ended
-- here, or is rejected.
create or replace function change_password(p_user bigint, p_session bigint, p_password_version bigint, p_password_hash text)
returns boolean
language plpgsql as $$
declare
  address text;
begin
  update users
  set password_hash = p_password_hash, password_version = password_version + 1, updated_at = now()
  where id = p_user and password_version = p_password_version and disabled_at is null
  returning email into address;
  if not found then
    return false;
  end if;
  perform end_sessions(p_user, p_session);
  perform forget_attempts(address);
  delete from one_time_tokens where user_id = p_user and purpose = 'password-reset';
  insert into notifications (user_id, kind) values (p_user, 'password-changed');
  insert into user_audit_log (user_id, action, metadata)
  values (p_user, 'password-changed', jsonb_build_object('sessionId', p_session));
  return true;
end
$$;
