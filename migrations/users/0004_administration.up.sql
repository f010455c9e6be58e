-- Versions for conditional changes, search by admins, and erasure.

create extension if not exists pg_trgm;
-- Admins search for a part of a name or an address.
create index users_search on users using gin ((email || ' ' || full_name) gin_trgm_ops);

-- All sessions of an account, including ended ones, for the export and the erasure.
create index user_sessions_of_user on user_sessions (user_id, id);
drop index user_sessions_by_user;

-- Incremented by each visible change; the ETag.
alter table users add column version bigint not null default 1;
alter table user_addresses add column version bigint not null default 1;
alter table users add column erased_at timestamptz;

create index users_admins on users (id) where role = 'admin' and disabled_at is null;
