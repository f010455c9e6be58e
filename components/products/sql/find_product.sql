select json_build_object(
  'id', p.id, 'name', p.name, 'sku', p.sku, 'description', p.description,
  'category', json_build_object('id', c.id, 'name', c.name, 'slug', c.slug),
  'basePrice', p.base_price, 'currency', p.currency,
  'stockQuantity', p.stock_quantity, 'inStock', p.stock_quantity > 0,
  'rating', json_build_object('average', product_rating(p.rating_sum, p.rating_count), 'count', p.rating_count),
  'createdAt', rfc3339(p.created_at),
  'variants', coalesce((
    select json_agg(
      json_build_object(
        'id', v.id, 'variantName', v.variant_name, 'priceModifier', v.price_modifier,
        'price', p.base_price + v.price_modifier, 'stockQuantity', v.stock_quantity
      ) order by v.id
    )
    from product_variants v
    where v.product_id = p.id
  ), '[]')
)::text
from products p
join categories c on c.id = p.category_id
where p.id = $1::bigint and p.status = 'active'
