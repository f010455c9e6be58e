alter table users drop column password_version;
drop table throttle_counters;
