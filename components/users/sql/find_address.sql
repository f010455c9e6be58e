-- Parameters: address, account.
select address_json(a.id)::text from user_addresses a where a.id = $1::bigint and a.user_id = $2::bigint
