-- Parameters: the admin, the product, the variant, the versions that If-Match allows (null for any).
select archive_variant($1::bigint, $2::bigint, $3::bigint, $4::text)::text
