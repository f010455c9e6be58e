-- Ends the sessions of an account except `p_except`. Returns their number.
create or replace function end_sessions(p_user bigint, p_except bigint) returns bigint
  language sql as $$
    with ended as (
      update user_sessions
      set revoked_at = now()
      where user_id = p_user and revoked_at is null and id is distinct from p_except
      returning 1
    )
    select count(*) from ended
$$;
