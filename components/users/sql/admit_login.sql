-- Parameters: address (null if the text cannot be one), client, limit and window in seconds for the client, limit and
-- window in seconds for the account.
select admit_login($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint)::text
