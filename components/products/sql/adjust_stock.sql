-- Parameters: the admin, the product, its variant (null for the product itself), units, type, notes.
select adjust_stock($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::text)::text
