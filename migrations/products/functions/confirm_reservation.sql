-- Confirms the reservation of an order that exists. Idempotent. Confirms an expired reservation too, because the order
-- decides. Returns the outcome `confirmed`, `released` or `absent`.
create or replace function confirm_reservation(wanted_order text) returns json
  language plpgsql
  set search_path = pg_catalog, public
as $$
declare
  found_state text;
begin
  update stock_reservations set state = 'confirmed', updated_at = now()
  where order_id = wanted_order and state = 'held';
  select state into found_state from stock_reservations where order_id = wanted_order;
  if found_state is null then
    return json_build_object('outcome', 'absent');
  end if;
  return json_build_object('outcome', found_state, 'reservation', reservation_json(wanted_order));
end
$$;
