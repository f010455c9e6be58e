-- Parameters: the admin, the category (null for a new one), the versions that If-Match allows (null for any), the changed
-- fields.
select save_category($1::bigint, $2::bigint, $3::text, $4::text::jsonb)::text
