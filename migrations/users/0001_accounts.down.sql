drop table user_audit_log;
drop table user_sessions;
drop table user_addresses;
drop table users;
revoke all on schema public from users_service;
