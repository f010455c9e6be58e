-- Changes those fields of a product that are in `p_changes`. A changed quantity becomes an adjustment in the ledger. Returns
-- {outcome, value}.
create or replace function change_product(p_actor bigint, p_id bigint, p_versions text, p_changes jsonb) returns json
language plpgsql as $$
declare
  current record;
  units bigint := (p_changes ->> 'stockQuantity')::bigint;
begin
  select version, stock_quantity into current from products where id = p_id for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif not is_expected(current.version, p_versions) then
    return json_build_object('outcome', 'stale');
  elsif p_changes ? 'categoryId'
    and not exists (select from categories where id = (p_changes ->> 'categoryId')::bigint)
  then
    return json_build_object('outcome', 'category-absent');
  elsif exists (
    select from product_variants
    where product_id = p_id and archived_at is null
      and (p_changes ->> 'basePrice')::numeric + price_modifier < 0
  ) then
    return json_build_object('outcome', 'price-negative');
  end if;
  if units <> current.stock_quantity then
    perform adjust_stock(p_actor, p_id, null, units - current.stock_quantity, 'adjustment', 'set to ' || units);
  end if;
  update products
  set sku = coalesce(p_changes ->> 'sku', sku),
      name = coalesce(p_changes ->> 'name', name),
      description = coalesce(p_changes ->> 'description', description),
      category_id = coalesce((p_changes ->> 'categoryId')::bigint, category_id),
      base_price = coalesce((p_changes ->> 'basePrice')::numeric, base_price),
      low_stock_threshold = coalesce((p_changes ->> 'lowStockThreshold')::bigint, low_stock_threshold),
      status = coalesce(p_changes ->> 'status', status),
      version = version + 1,
      updated_at = now()
  where id = p_id;
  perform audit(p_actor, 'product-changed', p_id, p_changes);
  return json_build_object('outcome', 'made', 'value', administered_product_json(p_id));
end
$$;
