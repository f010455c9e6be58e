-- Parameters: the admin, [{"row":1,"product":{..}},..], whether to only say what would be done.
select import_products($1::bigint, $2::text::jsonb, $3::boolean)::text
