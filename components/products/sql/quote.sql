-- What some things cost now and how many there are, in the order of the question. What is not sold is left out.
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
