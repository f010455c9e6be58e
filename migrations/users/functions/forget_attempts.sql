-- An account's attempts are forgotten when its owner has shown the password.
create or replace function forget_attempts(p_email text) returns void
  language sql as $$
    update throttle_counters set attempts = 0 where kind = 'login-account' and slot = throttle_slot(p_email)
$$;
