-- The current price and stock of products and variants, in the order of the request. Leaves out what is not sold.
-- Parameter: [{"productId":1,"variantId":null},..].
select json_build_object('currency', 'USD', 'lines', coalesce(json_agg(
  json_build_object(
    'productId', p.id, 'variantId', v.id,
    'productName', p.name || coalesce(' (' || v.variant_name || ')', ''),
    'sku', p.sku,
    'price', p.base_price + coalesce(v.price_modifier, 0),
    'available', coalesce(v.stock_quantity, p.stock_quantity)
  ) order by wanted.ordinality
), '[]'))::text
from jsonb_array_elements($1::text::jsonb) with ordinality as wanted
join products p on p.id = (wanted.value ->> 'productId')::bigint and p.status = 'active'
left join product_variants v
  on v.product_id = p.id and v.id = (wanted.value ->> 'variantId')::bigint and v.archived_at is null
where wanted.value ->> 'variantId' is null or v.id is not null
