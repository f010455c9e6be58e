-- How often something was tried, so that passwords cannot be guessed and nobody can make us hash without end.

-- Unlogged: after a crash the counting starts over, and every attempt costs one write less.
create unlogged table throttle_counters (
  -- What is counted: 'login-client', 'login-account', 'registration-client', ...
  kind           text not null,
  -- Whose attempts: a hash of the address or the account. Two subjects in one slot share a counter, which is rare and
  -- harmless; in return the table has at most 2^20 rows of a kind, whatever an attacker makes up.
  slot           bigint not null,
  attempts       bigint not null,
  window_ends_at timestamptz not null,
  constraint throttle_counters_pkey primary key (kind, slot),
  constraint throttle_counters_slot_bounded check (slot between 0 and 1048575),
  constraint throttle_counters_attempts_count check (attempts >= 0)
) with (fillfactor = 70);

create function throttle_slot(p_subject text) returns bigint
  language sql immutable strict parallel safe
  return hashtextextended(p_subject, 0) & 1048575;

-- Counts one attempt, and tells whether it is among the first `p_limit` of its window. The window begins with the first
-- attempt. Counting is before the deed: of a hundred attempts at once, no more than the limit are let through.
create function admit(p_kind text, p_subject text, p_limit bigint, p_window_s bigint) returns json
language plpgsql as $$
declare
  counter throttle_counters;
begin
  insert into throttle_counters as c (kind, slot, attempts, window_ends_at)
  values (p_kind, throttle_slot(p_subject), 1, now() + make_interval(secs => p_window_s))
  on conflict on constraint throttle_counters_pkey do update
  set attempts = case when c.window_ends_at <= now() then 1 else least(c.attempts, p_limit) + 1 end,
      window_ends_at = case when c.window_ends_at <= now() then excluded.window_ends_at else c.window_ends_at end
  returning c.* into counter;
  return json_build_object(
    'isAdmitted', counter.attempts <= p_limit,
    'limit', p_limit,
    'windowS', p_window_s,
    'remaining', greatest(p_limit - counter.attempts, 0),
    'resetS', greatest(ceil(extract(epoch from counter.window_ends_at - now())), 1)::bigint
  );
end
$$;

-- An account's attempts are forgotten when its owner has shown the password.
create function forget_attempts(p_email text) returns void
  language sql
  begin atomic
    update throttle_counters set attempts = 0 where kind = 'login-account' and slot = throttle_slot(p_email);
  end;

-- A change of the password makes every login that is under way with the old one fail. A new hash of the same password
-- does not.
alter table users add column password_version bigint not null default 1;

-- What a login needs before the password is hashed, in one round trip: whether it may be tried, and the hash to compare
-- with. An address without an account is counted in the same way. The client's counter is always locked before the
-- account's, so that no two logins wait for each other.
create function admit_login(
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

-- The same for somebody who is logged in and has to show the password again.
create function admit_password_check(p_user bigint, p_account_limit bigint, p_account_window_s bigint) returns json
language plpgsql as $$
declare
  subject users;
  account json;
begin
  select * into subject from users where id = p_user and disabled_at is null;
  if not found then
    return null;
  end if;
  account := admit('login-account', subject.email, p_account_limit, p_account_window_s);
  return json_build_object(
    'account', account,
    'credentials', json_build_object(
      'userId', subject.id, 'passwordHash', subject.password_hash, 'passwordVersion', subject.password_version,
      'isDisabled', false
    )
  );
end
$$;

grant select, insert, update on throttle_counters to users_service;
