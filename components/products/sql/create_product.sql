select create_product($1::bigint, $2::text::jsonb)::text
