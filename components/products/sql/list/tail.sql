    limit $8::bigint + 1
  ) found
)
select coalesce(
    (
      select json_build_array(sort_key, id)::text
      from page
      where place = $8::bigint and exists (select from page where place > $8::bigint)
    ), '')
  || E'\n'
  || coalesce((select json_agg(json_build_object(
      'id', (p).id, 'name', (p).name, 'sku', (p).sku, 'description', (p).description,
      'category', json_build_object('id', (c).id, 'name', (c).name, 'slug', (c).slug),
      'basePrice', (p).base_price, 'currency', (p).currency,
      'stockQuantity', (p).stock_quantity, 'inStock', (p).stock_quantity > 0,
      'rating', json_build_object(
        'average', product_rating((p).rating_sum, (p).rating_count), 'count', (p).rating_count
      ),
      'createdAt', rfc3339((p).created_at)
    ) order by place) from page where place <= $8::bigint), '[]')::text
