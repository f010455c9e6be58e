-- Reserves the stock of all lines for an order, or of none. Idempotent by order and lines: a repeated request returns the
-- existing reservation and extends it. A newer revision of the cart replaces the reservation of an older one. Returns the
-- outcome `reserved`, `repeated`, `short`, `superseded` or `released`.
create or replace function reserve_stock(wanted_order text, wanted_revision bigint, wanted jsonb, ttl_seconds bigint)
  returns json
  language plpgsql
  set search_path = pg_catalog, public
as $$
declare
  current_reservation record;
  is_same boolean;
  shortages json;
begin
  -- Serializes the requests for one order, including those that find no row yet.
  perform pg_advisory_xact_lock(hashtextextended(wanted_order, 0));

  -- Locks the row, so that a concurrent confirm waits for this decision.
  select * into current_reservation from stock_reservations where order_id = wanted_order for update;
  if found then
    select not exists (
      select product_id, variant_id, quantity from stock_reservation_lines where order_id = wanted_order
      except
      select product_id, variant_id, quantity from wanted_lines(wanted)
    ) and not exists (
      select product_id, variant_id, quantity from wanted_lines(wanted)
      except
      select product_id, variant_id, quantity from stock_reservation_lines where order_id = wanted_order
    ) into is_same;
    if current_reservation.state = 'released' then
      return json_build_object('outcome', 'released');
    elsif is_same then
      -- The revision and the expiry never decrease. A repeated request holds the stock for its full duration.
      update stock_reservations
      set revision = greatest(revision, wanted_revision),
          expires_at = greatest(expires_at, now() + make_interval(secs => ttl_seconds)),
          updated_at = now()
      where order_id = wanted_order and state = 'held';
      return json_build_object('outcome', 'repeated', 'reservation', reservation_json(wanted_order));
    elsif current_reservation.state = 'confirmed' or wanted_revision <= current_reservation.revision then
      return json_build_object('outcome', 'superseded');
    end if;
  end if;

  -- Locks products before variants, each ordered by id, so that concurrent statements cannot deadlock.
  perform 1 from products p
  where p.id in (
    select product_id from wanted_lines(wanted)
    union
    select product_id from stock_reservation_lines where order_id = wanted_order
  )
  order by p.id for update;
  perform 1 from product_variants v
  where v.id in (
    select variant_id from wanted_lines(wanted)
    union
    select variant_id from stock_reservation_lines where order_id = wanted_order
  )
  order by v.id for update;

  -- The available quantity includes what this order already holds.
  select json_agg(
    json_build_object(
      'productId', w.product_id, 'variantId', w.variant_id, 'requested', w.quantity, 'available', w.available
    ) order by w.line_number
  )
  into shortages
  from (
    select line.*,
      coalesce(
        case
          when p.id is null or (line.variant_id is not null and v.id is null) then 0
          else (case when line.variant_id is null then p.stock_quantity else v.stock_quantity end)
            + coalesce(held.quantity, 0)
        end, 0) as available
    from wanted_lines(wanted) line
    left join products p on p.id = line.product_id and p.status = 'active'
    left join product_variants v
      on v.id = line.variant_id and v.product_id = line.product_id and v.archived_at is null
    left join stock_reservation_lines held
      on held.order_id = wanted_order
      and held.product_id = line.product_id
      and held.variant_id is not distinct from line.variant_id
  ) w
  where w.available < w.quantity;
  if shortages is not null then
    return json_build_object('outcome', 'short', 'shortLines', shortages);
  end if;

  if current_reservation.order_id is not null then
    perform move_stock(wanted_order, 'release', 1);
    delete from stock_reservation_lines where order_id = wanted_order;
  end if;
  insert into stock_reservations (order_id, revision, currency, expires_at)
  select wanted_order, wanted_revision, coalesce(min(p.currency), 'USD'), now() + make_interval(secs => ttl_seconds)
  from wanted_lines(wanted) line
  join products p on p.id = line.product_id
  on conflict on constraint stock_reservations_pkey do update
  set revision = excluded.revision, expires_at = excluded.expires_at, updated_at = now();
  insert into stock_reservation_lines (order_id, line_number, product_id, variant_id, quantity, unit_price, product_name, sku)
  select wanted_order, line.line_number, p.id, v.id, line.quantity, p.base_price + coalesce(v.price_modifier, 0),
    p.name || coalesce(' (' || v.variant_name || ')', ''), p.sku
  from wanted_lines(wanted) line
  join products p on p.id = line.product_id
  left join product_variants v on v.id = line.variant_id;

  perform move_stock(wanted_order, 'reservation', -1);
  return json_build_object('outcome', 'reserved', 'reservation', reservation_json(wanted_order));
end
$$;
