-- Returns a product as admins see it, or null if there is none.
create or replace function administered_product_json(p_id bigint) returns json
  language sql stable as $$
  select json_build_object(
    'id', p.id, 'name', p.name, 'sku', p.sku, 'description', p.description,
    'category', json_build_object('id', c.id, 'name', c.name, 'slug', c.slug),
    'basePrice', p.base_price, 'currency', p.currency,
    'stockQuantity', p.stock_quantity, 'inStock', p.stock_quantity > 0,
    'rating', json_build_object('average', product_rating(p.rating_sum, p.rating_count), 'count', p.rating_count),
    'createdAt', rfc3339(p.created_at), 'updatedAt', rfc3339(p.updated_at),
    'status', p.status, 'lowStockThreshold', p.low_stock_threshold, 'version', p.version,
    'variants', variants_json(p.id, p.base_price)
  )
  from products p
  join categories c on c.id = p.category_id
  where p.id = p_id
$$;
