-- Creates a variant (`p_id` is null) or changes one. Increments the version of its product. Returns {outcome, value}.
create or replace function save_variant(p_actor bigint, p_product bigint, p_id bigint, p_versions text, p_changes jsonb) returns json
language plpgsql as $$
declare
  product_price numeric;
  current record;
  saved record;
  price_modifier_before numeric := 0;
  units bigint := (p_changes ->> 'stockQuantity')::bigint;
begin
  select base_price into product_price from products where id = p_product for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  end if;
  if p_id is not null then
    select version, price_modifier into current
    from product_variants
    where id = p_id and product_id = p_product and archived_at is null
    for no key update;
    if not found then
      return json_build_object('outcome', 'absent');
    elsif not is_expected(current.version, p_versions) then
      return json_build_object('outcome', 'stale');
    end if;
    price_modifier_before := current.price_modifier;
  end if;
  if product_price + coalesce((p_changes ->> 'priceModifier')::numeric, price_modifier_before) < 0 then
    return json_build_object('outcome', 'price-negative');
  end if;
  if p_id is null then
    insert into product_variants (product_id, variant_name, price_modifier)
    values (p_product, p_changes ->> 'variantName', coalesce((p_changes ->> 'priceModifier')::numeric, 0))
    returning * into saved;
  else
    update product_variants
    set variant_name = coalesce(p_changes ->> 'variantName', variant_name),
        price_modifier = coalesce((p_changes ->> 'priceModifier')::numeric, price_modifier),
        version = version + 1,
        updated_at = now()
    where id = p_id
    returning * into saved;
  end if;
  if units <> saved.stock_quantity then
    perform adjust_stock(
      p_actor, p_product, saved.id, units - saved.stock_quantity,
      case when p_id is null then 'restock' else 'adjustment' end,
      case when p_id is null then 'initial stock' else 'set to ' || units end
    );
    select * into saved from product_variants where id = saved.id;
  end if;
  update products set version = version + 1, updated_at = now() where id = p_product;
  perform audit(
    p_actor, case when p_id is null then 'variant-created' else 'variant-changed' end, p_product,
    p_changes || jsonb_build_object('variantId', saved.id)
  );
  return json_build_object(
    'outcome', 'made', 'value',
    variant_json(saved.id, saved.variant_name, saved.price_modifier, saved.stock_quantity, product_price)::jsonb
      || jsonb_build_object('version', saved.version)
  );
end
$$;
