-- Counts a registration of a client, and checks the address before the password is hashed.
-- Parameters: client, limit, window in seconds, address.
select json_build_object(
  'client', admit('registration-client', $1::text, $2::bigint, $3::bigint),
  'isTaken', exists (select from users where email = $4::text)
)::text
