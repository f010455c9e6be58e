-- Parameters: account, version of the verified password.
select erase_account($1::bigint, $2::bigint)
