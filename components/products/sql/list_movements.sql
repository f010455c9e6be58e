-- A page of a product's stock movements, newest first. Null if there is no such product.
-- Parameters: the product, the variant (null for all), the id of the last movement of the page before (null for the first
-- page), page size.
with page as (
  select row_number() over () as place, found.*
  from (
    select m.*
    from stock_movements m
    where m.product_id = $1::bigint
      and ($2::bigint is null or m.variant_id = $2::bigint)
      and ($3::bigint is null or m.id < $3::bigint)
    order by m.id desc
    limit $4::bigint + 1
  ) found
)
select json_build_object(
  'next', (
    select id from page where place = $4::bigint and exists (select from page where place > $4::bigint)
  ),
  'items', coalesce((
    select json_agg(
      json_build_object(
        'id', id, 'variantId', variant_id, 'movementType', movement_type, 'quantityChange', quantity_change,
        'reference', reference, 'notes', notes, 'createdAt', rfc3339(created_at)
      ) order by place
    )
    from page
    where place <= $4::bigint
  ), '[]')
)::text
from products
where id = $1::bigint
