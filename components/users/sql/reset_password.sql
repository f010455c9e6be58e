-- Parameters: hash of the token, new hash of the password.
select reset_password($1::text, $2::text)::text
