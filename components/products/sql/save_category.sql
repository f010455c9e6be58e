-- Parameters: the admin, the category (null for a new one), the versions that If-Match names (null for any), what changes.
select save_category($1::bigint, $2::bigint, $3::text, $4::text::jsonb)::text
