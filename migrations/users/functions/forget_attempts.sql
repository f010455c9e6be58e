-- Resets the counter of an account's logins, after its owner has presented the right password or a reset token.
create or replace function forget_attempts(p_email text) returns void
  language sql as $$
    update throttle_counters set attempts = 0 where kind = 'login-account' and slot = throttle_slot(p_email)
$$;
