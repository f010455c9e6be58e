-- Parameters: the admin, the product, the versions that If-Match allows (null for any), the changed fields.
select change_product($1::bigint, $2::bigint, $3::text, $4::text::jsonb)::text
