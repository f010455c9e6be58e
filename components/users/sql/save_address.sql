-- Parameters: account, address (null for a new one), expected versions (null for any), maximum number of addresses, and
-- the fields of the address.
select save_address(
  $1::bigint, $2::bigint, $3::text, $4::bigint,
  $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::boolean
)::text
