select delete_category($1::bigint, $2::bigint, $3::text)::text
