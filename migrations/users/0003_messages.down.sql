drop table notifications;
drop table one_time_tokens;
alter table users drop column email_verified_at;
