-- The version of an active product, a line break, and the product as JSON. Null if there is no such product.
select p.version || E'\n' || json_build_object(
  'id', p.id, 'name', p.name, 'sku', p.sku, 'description', p.description,
  'category', json_build_object('id', c.id, 'name', c.name, 'slug', c.slug),
  'basePrice', p.base_price, 'currency', p.currency,
  'stockQuantity', p.stock_quantity, 'inStock', p.stock_quantity > 0,
  'rating', json_build_object('average', product_rating(p.rating_sum, p.rating_count), 'count', p.rating_count),
  'createdAt', rfc3339(p.created_at),
  'variants', variants_json(p.id, p.base_price)
)::text
from products p
join categories c on c.id = p.category_id
where p.id = $1::bigint and p.status = 'active'
