-- Parameters: the admin, [{"row":1,"product":{..}},..], whether this is a dry run.
select import_products($1::bigint, $2::text::jsonb, $3::boolean)::text
