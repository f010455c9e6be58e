drop trigger product_variants_low_stock on product_variants;
drop trigger products_low_stock on products;
drop function note_low_stock();
drop table stock_events;
drop function import_products(bigint, jsonb, boolean);
