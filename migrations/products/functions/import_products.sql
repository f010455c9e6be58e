-- Creates or updates products by SKU. Skips a product that equals its row, so that a repeated import changes nothing. Reports
-- a row that cannot be written, and continues. Returns {created, updated, unchanged, errors}.
create or replace function import_products(p_actor bigint, p_rows jsonb, p_dry_run boolean) returns json
language plpgsql as $$
declare
  item record;
  fields jsonb;
  category bigint;
  before record;
  outcome text;
  created bigint := 0;
  updated bigint := 0;
  unchanged bigint := 0;
  errors jsonb := '[]';
begin
  for item in
    select (value ->> 'row')::bigint as number, value -> 'product' as product
    from jsonb_array_elements(p_rows)
    -- By SKU, so that concurrent imports lock products in the same order and cannot deadlock.
    order by value -> 'product' ->> 'sku'
  loop
    select id into category
    from categories
    where id = (item.product ->> 'categoryId')::bigint or slug = item.product ->> 'category';
    if not found then
      errors := errors || jsonb_build_object('row', item.number, 'code', 'not-found', 'detail', 'there is no such category');
      continue;
    end if;
    fields := item.product - 'category' || jsonb_build_object('categoryId', category);
    select * into before from products where sku = fields ->> 'sku' for no key update;
    if not found then
      outcome := 'made';
      if not p_dry_run then
        outcome := create_product(p_actor, fields) ->> 'outcome';
      end if;
      created := created + (outcome = 'made')::int;
    elsif (before.name, before.base_price, before.category_id)
        is not distinct from (fields ->> 'name', (fields ->> 'basePrice')::numeric(12, 2), category)
      and before.description = coalesce(fields ->> 'description', before.description)
      and before.status = coalesce(fields ->> 'status', before.status)
      and before.stock_quantity = coalesce((fields ->> 'stockQuantity')::bigint, before.stock_quantity)
      and before.low_stock_threshold = coalesce((fields ->> 'lowStockThreshold')::bigint, before.low_stock_threshold)
    then
      outcome := 'made';
      unchanged := unchanged + 1;
    else
      outcome := 'made';
      if not p_dry_run then
        outcome := change_product(p_actor, before.id, null, fields) ->> 'outcome';
      end if;
      updated := updated + (outcome = 'made')::int;
    end if;
    if outcome <> 'made' then
      errors := errors || jsonb_build_object('row', item.number, 'code', outcome, 'detail', 'the product cannot be so');
    end if;
  end loop;
  return json_build_object('created', created, 'updated', updated, 'unchanged', unchanged, 'errors', errors);
end
$$;
