select administered_product_json($1::bigint)::text
