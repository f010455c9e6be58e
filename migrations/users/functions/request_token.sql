-- Stores a token and queues the message that carries it, if an account has the address and its limit is not exceeded.
-- Returns the same in all cases, which prevents user enumeration.
create or replace function request_token(
  p_email text, p_purpose text, p_salt text, p_token_hash text, p_ttl_s bigint, p_limit bigint, p_window_s bigint
) returns text
language plpgsql as $$
declare
  admission json := admit(p_purpose || '-account', p_email, p_limit, p_window_s);
  account_id bigint;
begin
  if (admission->>'isAdmitted')::boolean then
    select id into account_id
    from users
    where email = p_email
      and disabled_at is null
      and (p_purpose <> 'email-verification' or email_verified_at is null);
    if found then
      perform send_token(account_id, p_purpose, p_salt, p_token_hash, p_ttl_s);
      insert into user_audit_log (user_id, action) values (account_id, p_purpose || '-requested');
    end if;
  end if;
  return 'done';
end
$$;
