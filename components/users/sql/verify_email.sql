-- Redeems the token that verifies an address. Returns no row if the token is unknown, redeemed or expired.
-- Parameters: token hash.
with redeemed as (
  delete from one_time_tokens
  where token_hash = $1::text and purpose = 'email-verification' and expires_at > now()
  returning user_id
), verified as (
  update users u
  set email_verified_at = coalesce(email_verified_at, now()), version = version + 1, updated_at = now()
  from redeemed r
  where u.id = r.user_id and u.disabled_at is null
  returning u.id
), entry as (
  insert into user_audit_log (user_id, action) select id, 'email-verified' from verified
)
select 'verified'::text from verified
