-- Parameters: the admin, the category, the versions that If-Match allows (null for any).
select delete_category($1::bigint, $2::bigint, $3::text)::text
