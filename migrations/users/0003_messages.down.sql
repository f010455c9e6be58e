drop function reset_password(text, text);
drop function change_password(bigint, bigint, bigint, text);
drop function end_sessions(bigint, bigint);
drop function request_token(text, text, text, text, bigint, bigint, bigint);
drop function send_token(bigint, text, text, text, bigint);
drop table notifications;
drop table one_time_tokens;
alter table users drop column email_verified_at;
