drop table product_reviews;
drop table product_variants;
drop table products;
drop table categories;
drop extension pg_trgm;
revoke all on schema public from products_service;
