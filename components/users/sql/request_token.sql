-- Parameters: address, purpose, salt, hash of the token, lifetime in seconds, limit for the account and its window in
-- seconds.
select request_token($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::bigint)
