-- Returns a variant with its price, as it is listed in its product.
create or replace function variant_json(
  id bigint, variant_name text, price_modifier numeric, stock_quantity bigint, base_price numeric
) returns json
  language sql stable as $$
  select json_build_object(
    'id', id, 'variantName', variant_name, 'priceModifier', price_modifier,
    'price', base_price + price_modifier, 'stockQuantity', stock_quantity
  )
$$;
