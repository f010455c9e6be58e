-- Whether a client may register another account, and whether this one is worth hashing a password for.
-- Parameters: client, limit, window in seconds, address.
select json_build_object(
  'client', admit('registration-client', $1::text, $2::bigint, $3::bigint),
  'isTaken', exists (select from users where email = $4::text)
)::text
