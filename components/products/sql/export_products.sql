-- A page of all products by id, with the fields that an import reads.
-- Parameters: the id of the last product of the page before (null for the first page), page size.
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
select json_build_object(
  'next', (
    select id from page where place = $2::bigint and exists (select from page where place > $2::bigint)
  ),
  'items', coalesce((
    select json_agg(
      json_build_object(
        'sku', sku, 'name', name, 'description', description, 'category', category, 'basePrice', base_price,
        'stockQuantity', stock_quantity, 'lowStockThreshold', low_stock_threshold, 'status', status
      ) order by place
    )
    from page
    where place <= $2::bigint
  ), '[]')
)::text
