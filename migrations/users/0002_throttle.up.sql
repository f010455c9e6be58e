-- Counters of attempts, which limit password guessing and the number of password hashes that clients can cause.

-- Unlogged: the counters start at zero after a crash, and every attempt costs one write less.
create unlogged table throttle_counters (
  -- 'login-client', 'login-account', 'registration-client', ...
  kind           text not null,
  -- A hash of the client or the account. Two subjects with one slot share a counter, which is rare and harmless. The
  -- table has at most 2^20 rows of a kind, regardless of the number of subjects.
  slot           bigint not null,
  attempts       bigint not null,
  window_ends_at timestamptz not null,
  constraint throttle_counters_pkey primary key (kind, slot),
  constraint throttle_counters_slot_bounded check (slot between 0 and 1048575),
  constraint throttle_counters_attempts_count check (attempts >= 0)
) with (fillfactor = 70);

-- Incremented when the password changes, so that a concurrent login with the old one fails; not incremented when the same
-- password is hashed again.
alter table users add column password_version bigint not null default 1;

grant select, insert, update on throttle_counters to users_service;
