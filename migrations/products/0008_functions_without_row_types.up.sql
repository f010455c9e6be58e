-- Drops the functions with parameters of a table's row type. PostgreSQL 15.20, 17.12 and later refuse to alter a table while
-- such a function exists. The functions in functions/ replace them. Callers are dropped before the functions they call.
drop function if exists product_json(products, categories);
drop function if exists administered_product_json(products);
drop function if exists variants_json(products);
drop function if exists variant_json(products, product_variants);
drop function if exists category_json(categories);
