-- Parameters: account, the session that stays, version of the password that was shown, new hash.
select change_password($1::bigint, $2::bigint, $3::bigint, $4::text)::text
