select administered_product_json(p)::text from products p where p.id = $1::bigint
