-- Parameters: account, limit, window in seconds.
select admit_password_check($1::bigint, $2::bigint, $3::bigint)::text
