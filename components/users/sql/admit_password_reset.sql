-- Counts a password reset of a client, and checks the token before the password is hashed.
-- Parameters: client, limit, window in seconds, token hash.
select json_build_object(
  'client', admit('password-reset-client', $1::text, $2::bigint, $3::bigint),
  'isGood', exists (
    select from one_time_tokens
    where token_hash = $4::text and purpose = 'password-reset' and expires_at > now()
  )
)::text
