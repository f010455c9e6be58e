-- Parameters: the admin, the product, the variant (null for the product itself), the change in units, the type, the notes.
select adjust_stock($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::text)::text
