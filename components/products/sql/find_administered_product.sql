-- A product with the fields that only admins see, in any status. Null if there is no such product.
select administered_product_json($1::bigint)::text
