drop index users_admins;
alter table users drop column erased_at;
alter table user_addresses drop column version;
alter table users drop column version;
create index user_sessions_by_user on user_sessions (user_id, id) where revoked_at is null;
drop index user_sessions_of_user;
drop index users_search;
drop extension pg_trgm;
