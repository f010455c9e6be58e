-- Changes the stock of a product or of one of its variants and writes the movement. Every change of a quantity by an admin
-- goes through this function. Locks the row, so that the update applies to the quantity that was checked. Returns
-- {outcome, value}.
create or replace function adjust_stock(
  p_actor bigint, p_product bigint, p_variant bigint, p_change bigint, p_type text, p_notes text
) returns json
language plpgsql as $$
declare
  available bigint;
begin
  if p_variant is null then
    select stock_quantity into available from products where id = p_product for no key update;
  else
    select stock_quantity into available
    from product_variants
    where id = p_variant and product_id = p_product and archived_at is null
    for no key update;
  end if;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif available + p_change < 0 then
    return json_build_object('outcome', 'insufficient-stock', 'value', available);
  elsif available + p_change > 1000000000 then
    return json_build_object('outcome', 'too-much-stock');
  end if;
  if p_variant is null then
    update products set stock_quantity = stock_quantity + p_change, updated_at = now() where id = p_product;
  else
    update product_variants set stock_quantity = stock_quantity + p_change, updated_at = now() where id = p_variant;
  end if;
  insert into stock_movements (product_id, variant_id, movement_type, quantity_change, notes)
  values (p_product, p_variant, p_type, p_change, p_notes);
  perform audit(
    p_actor, 'stock-moved', p_product,
    jsonb_build_object('variantId', p_variant, 'quantityChange', p_change, 'movementType', p_type)
  );
  return json_build_object('outcome', 'made', 'value', available + p_change);
end
$$;
