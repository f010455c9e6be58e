-- Archives a variant and takes its remaining stock out of the ledger. Returns {outcome, value}.
create or replace function archive_variant(p_actor bigint, p_product bigint, p_id bigint, p_versions text) returns json
language plpgsql as $$
declare
  archived record;
begin
  select * into archived
  from product_variants
  where id = p_id and product_id = p_product and archived_at is null
  for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif not is_expected(archived.version, p_versions) then
    return json_build_object('outcome', 'stale');
  end if;
  if archived.stock_quantity > 0 then
    perform adjust_stock(p_actor, p_product, p_id, -archived.stock_quantity, 'adjustment', 'put away');
  end if;
  update product_variants set archived_at = now(), version = version + 1, updated_at = now() where id = p_id;
  update products set version = version + 1, updated_at = now() where id = p_product;
  perform audit(p_actor, 'variant-archived', p_product, jsonb_build_object('variantId', p_id));
  return json_build_object('outcome', 'made', 'value', true);
end
$$;
