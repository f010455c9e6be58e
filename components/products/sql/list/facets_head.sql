-- How many of the products that a list finds are where: as list/head.sql, without a page.
with found as (
    select branch.*
    from (select category_tree($1::text) as category_id union all select null where $1::text is null) tree
    cross join lateral (
      select p.id, p.base_price, p.stock_quantity, c.id as category_id, c.name as category_name, c.slug as category_slug
