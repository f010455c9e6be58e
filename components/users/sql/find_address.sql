select address_json(a)::text from user_addresses a where a.id = $1::bigint and a.user_id = $2::bigint
