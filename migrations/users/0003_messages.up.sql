-- Messages to account owners: verification of an e-mail address and reset of a password.

alter table users add column email_verified_at timestamptz;

-- Tokens that can be redeemed once. The token is derived from the salt and a key that is not in the database (identity,
-- one_time.rs), so a copy of this table redeems no token.
create table one_time_tokens (
  user_id    bigint not null,
  purpose    text not null,
  salt       text not null,
  token_hash text not null,
  expires_at timestamptz not null,
  -- One of each purpose: a new token replaces the old one.
  constraint one_time_tokens_pkey primary key (user_id, purpose),
  constraint one_time_tokens_token_hash_key unique (token_hash),
  constraint one_time_tokens_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint one_time_tokens_purpose_known check (purpose in ('email-verification', 'password-reset'))
);

-- The outbox: written by the statement that causes the message, read by the delivery. It holds neither addresses nor
-- secrets; the delivery reads both when it sends the message.
create table notifications (
  id              bigint generated always as identity,
  -- The same in each delivery of the message, so that the receiver can ignore a repeated one.
  event_id        text not null default gen_random_uuid()::text,
  user_id         bigint not null,
  kind            text not null,
  created_at      timestamptz not null default now(),
  attempts        bigint not null default 0,
  -- Also the expiry of the lease: a delivery that claims the message sets it to a later time.
  next_attempt_at timestamptz not null default now(),
  delivered_at    timestamptz,
  -- Set after the last attempt, or if the token of the message is not valid any more.
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
