-- A page of all products, by id, as an import takes them: as list/head.sql.
-- Parameters: the last id of the page before, how many.
with page as (
  select row_number() over () as place, found.*
  from (
    select p.*, c.slug as category
    from products p
    join categories c on c.id = p.category_id
    where p.id > coalesce($1::bigint, 0)
    order by p.id
    limit $2::bigint + 1
  ) found
)
select coalesce(
    (select id::text from page where place = $2::bigint and exists (select from page where place > $2::bigint)), '')
  || E'\n'
  || coalesce((
    select json_agg(
      json_build_object(
        'sku', sku, 'name', name, 'description', description, 'category', category, 'basePrice', base_price,
        'stockQuantity', stock_quantity, 'lowStockThreshold', low_stock_threshold, 'status', status
      ) order by place
    )
    from page
    where place <= $2::bigint
  ), '[]')::text
