-- Parameters: account, session that is not ended, version of the verified password, new password hash.
select change_password($1::bigint, $2::bigint, $3::bigint, $4::text)::text
