-- Parameters: address (null if it cannot be one), client, and limit and window in seconds for the client and the account.
select admit_login($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint)::text
