-- Ends all sessions of an account.
-- Parameters: account.
with ended as (
  select end_sessions($1::bigint, null) as sessions
), entry as (
  insert into user_audit_log (user_id, action, metadata)
  select $1::bigint, 'logout-all', jsonb_build_object('sessions', sessions) from ended
)
select 'ended'::text from ended
