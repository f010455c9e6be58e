-- Creates a product from `p_product`, whose fields the service has validated. Returns {outcome, value}.
create or replace function create_product(p_actor bigint, p_product jsonb) returns json
language plpgsql as $$
declare
  product_id bigint;
  units bigint := coalesce((p_product ->> 'stockQuantity')::bigint, 0);
begin
  if not exists (select from categories where id = (p_product ->> 'categoryId')::bigint) then
    return json_build_object('outcome', 'category-absent');
  end if;
  insert into products (sku, name, description, category_id, base_price, low_stock_threshold, status)
  values (
    p_product ->> 'sku', p_product ->> 'name', coalesce(p_product ->> 'description', ''),
    (p_product ->> 'categoryId')::bigint, (p_product ->> 'basePrice')::numeric,
    coalesce((p_product ->> 'lowStockThreshold')::bigint, 5), coalesce(p_product ->> 'status', 'draft')
  )
  returning id into product_id;
  perform audit(p_actor, 'product-created', product_id, p_product);
  if units > 0 then
    perform adjust_stock(p_actor, product_id, null, units, 'restock', 'initial stock');
  end if;
  return json_build_object('outcome', 'made', 'value', administered_product_json(product_id));
end
$$;
