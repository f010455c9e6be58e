-- Accounts, their sessions and addresses, and the audit log.
-- `migrate bootstrap` creates the service's role. The role owns no object and is granted the rights that the service's
-- statements need.

create table users (
  id            bigint generated always as identity,
  -- Normalized: the service trims and lower-cases the address first, so a plain unique index is sufficient.
  email         text not null,
  password_hash text not null,
  full_name     text not null,
  -- Text with a check and not an enum: Spin cannot read a user-defined enum.
  role          text not null default 'customer',
  disabled_at   timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint users_pkey primary key (id),
  -- Of two concurrent registrations the second one fails.
  constraint users_email_key unique (email),
  constraint users_email_is_normal check (email = lower(btrim(email)) and length(email) <= 254),
  constraint users_full_name_length check (length(full_name) between 1 and 200),
  constraint users_role_known check (role in ('customer', 'admin'))
);

create table user_addresses (
  id             bigint generated always as identity,
  user_id        bigint not null,
  address_type   text not null,
  street_address text not null,
  city           text not null,
  region         text,
  postal_code    text,
  country        text not null,
  is_default     boolean not null default false,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  constraint user_addresses_pkey primary key (id),
  constraint user_addresses_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint user_addresses_type_known check (address_type in ('shipping', 'billing')),
  -- ISO 3166-1 alpha-2.
  constraint user_addresses_country_code check (country ~ '^[A-Z]{2}$')
);
create index user_addresses_by_user on user_addresses (user_id, id);
-- At most one default of each type, also with concurrent statements.
create unique index user_addresses_one_default on user_addresses (user_id, address_type) where is_default;

create table user_sessions (
  id           bigint generated always as identity,
  user_id      bigint not null,
  -- The hash of the random part of the session's refresh tokens: a copy of this table is not sufficient to create a token.
  token_hash   text not null,
  -- The number of rotations of the refresh token. A token with a smaller number is a replay.
  rotation     bigint not null default 0,
  rotated_at   timestamptz not null default now(),
  user_agent   text,
  ip           text,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at   timestamptz not null,
  revoked_at   timestamptz,
  constraint user_sessions_pkey primary key (id),
  constraint user_sessions_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint user_sessions_rotation_counts check (rotation >= 0)
);
create index user_sessions_by_user on user_sessions (user_id, id) where revoked_at is null;

create table user_audit_log (
  id         bigint generated always as identity,
  -- No foreign key, because the log is kept longer than the account. Null if there is no account.
  user_id    bigint,
  action     text not null,
  metadata   jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint user_audit_log_pkey primary key (id),
  constraint user_audit_log_metadata_is_object check (jsonb_typeof(metadata) = 'object')
);
create index user_audit_log_by_user on user_audit_log (user_id, id desc);

do $$
begin
  if not exists (select from pg_roles where rolname = 'users_service') then
    create role users_service nologin;
  end if;
end
$$;
grant usage on schema public to users_service;
grant select, insert, update on users to users_service;
grant select, insert, update, delete on user_addresses to users_service;
grant select, insert, update on user_sessions to users_service;
-- Append-only: the service has no right to change or delete an entry.
grant select, insert on user_audit_log to users_service;
