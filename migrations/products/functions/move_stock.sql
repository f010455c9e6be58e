-- Changes the stock of every line of a reservation and writes the movements, in one statement.
create or replace function move_stock(wanted_order text, movement text, direction bigint) returns void
  language sql as $$
  with line as (
    select l.*, r.order_id || ':' || r.revision as reference
    from stock_reservation_lines l
    join stock_reservations r on r.order_id = l.order_id
    where l.order_id = wanted_order
  ), moved_products as (
    update products p
    set stock_quantity = p.stock_quantity + direction * line.quantity, updated_at = now()
    from line
    where line.variant_id is null and p.id = line.product_id
  ), moved_variants as (
    update product_variants v
    set stock_quantity = v.stock_quantity + direction * line.quantity, updated_at = now()
    from line
    where v.id = line.variant_id
  )
  insert into stock_movements (product_id, variant_id, movement_type, quantity_change, reference)
  select product_id, variant_id, movement, direction * quantity, reference from line
$$;
