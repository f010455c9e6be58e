-- Writes a stock event when the stock of a product or a variant falls to the threshold of the product.
create or replace function note_low_stock() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  product_threshold bigint;
begin
  if tg_table_name = 'products' then
    product_threshold := new.low_stock_threshold;
    if old.stock_quantity > product_threshold and new.stock_quantity <= product_threshold then
      insert into stock_events (product_id, kind, stock_quantity, threshold)
      values (new.id, 'low-stock', new.stock_quantity, product_threshold);
    end if;
  else
    select low_stock_threshold into product_threshold from products where id = new.product_id;
    if old.stock_quantity > product_threshold and new.stock_quantity <= product_threshold then
      insert into stock_events (product_id, variant_id, kind, stock_quantity, threshold)
      values (new.product_id, new.id, 'low-stock', new.stock_quantity, product_threshold);
    end if;
  end if;
  return null;
end
$$;

create or replace trigger products_low_stock after update of stock_quantity on products
  for each row when (new.stock_quantity < old.stock_quantity) execute function note_low_stock();
create or replace trigger product_variants_low_stock after update of stock_quantity on product_variants
  for each row when (new.stock_quantity < old.stock_quantity) execute function note_low_stock();
