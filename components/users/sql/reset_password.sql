-- Parameters: token hash, new password hash.
select reset_password($1::text, $2::text)::text
