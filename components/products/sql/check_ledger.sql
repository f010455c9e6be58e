-- Products and variants whose stock differs from the sum of their movements. A correct ledger has none.
with ledger as (
  select product_id, variant_id, sum(quantity_change)::bigint as total from stock_movements group by product_id, variant_id
), stock as (
  select id as product_id, null::bigint as variant_id, sku, stock_quantity from products
  union all
  select v.product_id, v.id, p.sku, v.stock_quantity from product_variants v join products p on p.id = v.product_id
)
select json_build_object('differences', coalesce(json_agg(
  json_build_object(
    'productId', s.product_id, 'variantId', s.variant_id, 'sku', s.sku,
    'stockQuantity', s.stock_quantity, 'movements', coalesce(l.total, 0)
  ) order by s.product_id, s.variant_id
), '[]'))::text
from stock s
left join ledger l on l.product_id = s.product_id and l.variant_id is not distinct from s.variant_id
where s.stock_quantity <> coalesce(l.total, 0)
