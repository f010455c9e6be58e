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

-- A change of the password makes every login that is under way with the old one fail. A new hash of the same password
-- does not.
alter table users add column password_version bigint not null default 1;

grant select, insert, update on throttle_counters to users_service;
