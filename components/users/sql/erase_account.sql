-- Parameters: account, version of the password that was shown.
select erase_account($1::bigint, $2::bigint)
