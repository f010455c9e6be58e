-- Parameters: the admin, the fields of the product.
select create_product($1::bigint, $2::text::jsonb)::text
