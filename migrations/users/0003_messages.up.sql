-- Messages to people: what proves an e-mail address, and what resets a password.

alter table users add column email_verified_at timestamptz;

-- Tokens that are good once. What is sent is derived from the salt and a key that is not in the database (users service,
-- one_time_token.rs), so a copy of this table redeems nothing.
create table one_time_tokens (
  user_id    bigint not null,
  purpose    text not null,
  salt       text not null,
  token_hash text not null,
  expires_at timestamptz not null,
  -- One of each purpose: a new one takes the place of the old one.
  constraint one_time_tokens_pkey primary key (user_id, purpose),
  constraint one_time_tokens_token_hash_key unique (token_hash),
  constraint one_time_tokens_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint one_time_tokens_purpose_known check (purpose in ('email-verification', 'password-reset'))
);

-- The outbox: written by the statement that has the reason for it, emptied by the delivery. No address and no secret is
-- in it; both are looked up when the message goes out.
create table notifications (
  id              bigint generated always as identity,
  -- What a receiver recognises a repeated delivery by.
  event_id        text not null default gen_random_uuid()::text,
  user_id         bigint not null,
  kind            text not null,
  created_at      timestamptz not null default now(),
  attempts        bigint not null default 0,
  -- Also the lease: whoever takes a message puts this into the future first.
  next_attempt_at timestamptz not null default now(),
  delivered_at    timestamptz,
  -- Given up: too many attempts, or there is nothing to say any more.
  abandoned_at    timestamptz,
  last_error      text,
  constraint notifications_pkey primary key (id),
  constraint notifications_event_id_key unique (event_id),
  constraint notifications_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint notifications_kind_known check (kind in ('email-verification', 'password-reset', 'password-changed'))
);
create index notifications_due on notifications (next_attempt_at)
  where delivered_at is null and abandoned_at is null;
create index notifications_by_user on notifications (user_id, id);
create index notifications_by_age on notifications (created_at);

grant select, insert, update, delete on one_time_tokens to users_service;
grant select, insert, update, delete on notifications to users_service;
