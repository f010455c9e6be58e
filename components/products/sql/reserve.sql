select reserve_stock($1::text, $2::bigint, $3::text::jsonb, $4::bigint)::text
