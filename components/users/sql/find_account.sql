select account_json(u)::text from users u where u.id = $1::bigint
