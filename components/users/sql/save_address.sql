-- Parameters: account, address (null for a new one), the versions that If-Match names (null for any), how many an account
-- may have, and the address itself.
select save_address(
  $1::bigint, $2::bigint, $3::text, $4::bigint,
  $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::boolean
)::text
