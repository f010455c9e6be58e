-- Parameters: address, purpose, salt, token hash, lifetime in seconds, limit and window in seconds for the account.
select request_token($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint)
