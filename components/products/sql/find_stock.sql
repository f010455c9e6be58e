-- The stock of an active product, or of one of its variants. Null if there is no such product or variant.
-- Parameters: the product, the variant (null for the product itself).
select json_build_object(
  'productId', p.id,
  'variantId', v.id,
  'inStock', coalesce(v.stock_quantity, p.stock_quantity) > 0,
  'quantity', coalesce(v.stock_quantity, p.stock_quantity)
)::text
from products p
left join product_variants v on v.product_id = p.id and v.id = $2::bigint and v.archived_at is null
where p.id = $1::bigint and p.status = 'active' and ($2::bigint is null or v.id is not null)
