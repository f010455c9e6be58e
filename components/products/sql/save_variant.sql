-- Parameters: the admin, the product, the variant (null for a new one), the versions that If-Match allows (null for any),
-- the changed fields.
select save_variant($1::bigint, $2::bigint, $3::bigint, $4::text, $5::text::jsonb)::text
