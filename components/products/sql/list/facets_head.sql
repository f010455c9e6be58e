-- How many of the products that a list finds are where: as list/head.sql, without a page.
with found as (
    select p.id, p.base_price, p.stock_quantity, c.id as category_id, c.name as category_name, c.slug as category_slug
