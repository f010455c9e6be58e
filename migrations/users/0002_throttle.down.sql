drop function admit_password_check(bigint, bigint, bigint);
drop function admit_login(text, text, bigint, bigint, bigint, bigint);
alter table users drop column password_version;
drop function forget_attempts(text);
drop function admit(text, text, bigint, bigint);
drop function throttle_slot(text);
drop table throttle_counters;
