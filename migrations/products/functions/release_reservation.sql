-- Releases the reservation of an order that is cancelled or can no longer be placed, and returns its stock. Idempotent.
-- Returns the outcome `released` or `absent`.
create or replace function release_reservation(wanted_order text) returns json
  language plpgsql
  set search_path = pg_catalog, public
as $$
declare
  found_state text;
begin
  -- The lock of reserve_stock, before any row: a concurrent release waits and then finds the reservation released.
  perform pg_advisory_xact_lock(hashtextextended(wanted_order, 0));
  select state into found_state from stock_reservations where order_id = wanted_order for update;
  if found_state is null then
    return json_build_object('outcome', 'absent');
  end if;
  if found_state <> 'released' then
    perform 1 from products p
    where p.id in (select product_id from stock_reservation_lines where order_id = wanted_order)
    order by p.id for update;
    perform 1 from product_variants v
    where v.id in (select variant_id from stock_reservation_lines where order_id = wanted_order)
    order by v.id for update;
    perform move_stock(wanted_order, 'release', 1);
    update stock_reservations set state = 'released', updated_at = now() where order_id = wanted_order;
  end if;
  return json_build_object('outcome', 'released', 'reservation', reservation_json(wanted_order));
end
$$;
