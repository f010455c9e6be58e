-- A token for whoever has this address, if there is anybody, and not more than the limit allows: the caller is told
-- nothing either way.
create or replace function request_token(
  p_email text, p_purpose text, p_salt text, p_token_hash text, p_ttl_s bigint, p_limit bigint, p_window_s bigint
) returns text
language plpgsql as $$
declare
  admission json := admit(p_purpose || '-account', p_email, p_limit, p_window_s);
  subject bigint;
begin
  if (admission->>'isAdmitted')::boolean then
    select id into subject
    from users
    where email = p_email
      and disabled_at is null
      and (p_purpose <> 'email-verification' or email_verified_at is null);
    if found then
      perform send_token(subject, p_purpose, p_salt, p_token_hash, p_ttl_s);
      insert into user_audit_log (user_id, action) values (subject, p_purpose || '-requested');
    end if;
  end if;
  return 'done';
end
$$;
