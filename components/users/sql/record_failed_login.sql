-- Parameters: account (null if there is none), ip.
insert into user_audit_log (user_id, action, metadata)
values ($1::bigint, 'login-failed', jsonb_build_object('ip', $2::text))
returning 'recorded'::text
