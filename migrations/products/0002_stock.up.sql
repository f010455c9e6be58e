-- The stock ledger and the reservations.
--
-- Rule: `stock_quantity` of a product or a variant is the sum of its movements. Nothing changes the one without the other,
-- and a movement is never changed.

create table stock_movements (
  id              bigint generated always as identity,
  product_id      bigint not null,
  -- Null moves the product's own stock, else the variant's.
  variant_id      bigint,
  movement_type   text not null,
  quantity_change bigint not null,
  -- What it was done for: an order and the revision of its reservation, an import. Null for a person's correction.
  reference       text,
  notes           text,
  created_at      timestamptz not null default now(),
  constraint stock_movements_pkey primary key (id),
  constraint stock_movements_product_fkey foreign key (product_id) references products (id),
  constraint stock_movements_variant_fkey foreign key (variant_id) references product_variants (id),
  constraint stock_movements_type_known check (
    movement_type in ('restock', 'adjustment', 'reservation', 'release', 'sale', 'return')
  ),
  constraint stock_movements_moves_something check (quantity_change <> 0)
);
-- Doing the same thing for the same reason twice fails here: a replay is harmless.
create unique index stock_movements_once_per_reference
  on stock_movements (reference, product_id, variant_id, movement_type) nulls not distinct
  where reference is not null;
create index stock_movements_by_product on stock_movements (product_id, variant_id, id desc) include (quantity_change);

create table stock_reservations (
  order_id   text not null,
  state      text not null default 'held',
  -- Which version of the cart it was made for: the cart's update time. A newer version replaces an older one, never the
  -- other way round.
  revision   bigint not null,
  currency   text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint stock_reservations_pkey primary key (order_id),
  constraint stock_reservations_state_known check (state in ('held', 'confirmed', 'released')),
  constraint stock_reservations_order_id_form check (order_id ~ '^ORD-[0-9A-Z-]{1,60}$')
);
-- What the reconciliation looks for.
create index stock_reservations_held on stock_reservations (expires_at, order_id) where state = 'held';

create table stock_reservation_lines (
  order_id     text not null,
  -- The order of the client's lines.
  line_number     bigint not null,
  product_id   bigint not null,
  variant_id   bigint,
  quantity     bigint not null,
  -- What it was sold at and as what: frozen here, whatever becomes of the product.
  unit_price   numeric(12, 2) not null,
  product_name text not null,
  sku          text not null,
  constraint stock_reservation_lines_pkey primary key (order_id, line_number),
  constraint stock_reservation_lines_once unique nulls not distinct (order_id, product_id, variant_id),
  constraint stock_reservation_lines_order_fkey foreign key (order_id) references stock_reservations (order_id),
  constraint stock_reservation_lines_product_fkey foreign key (product_id) references products (id),
  constraint stock_reservation_lines_variant_fkey foreign key (variant_id) references product_variants (id),
  constraint stock_reservation_lines_quantity_positive check (quantity > 0),
  constraint stock_reservation_lines_price_not_negative check (unit_price >= 0)
);

create index stock_movements_by_variant on stock_movements (variant_id) where variant_id is not null;
create index stock_reservation_lines_by_product on stock_reservation_lines (product_id, variant_id);

-- A reservation as JSON.
create function reservation_json(wanted text) returns json
  language sql stable
  return (
    select json_build_object(
      'orderId', r.order_id,
      'state', r.state,
      'revision', r.revision,
      'expiresAt', rfc3339(r.expires_at),
      'currency', r.currency,
      'totalAmount', sum(l.quantity * l.unit_price)::numeric(14, 2),
      'lines', json_agg(
        json_build_object(
          'productId', l.product_id, 'variantId', l.variant_id, 'productName', l.product_name, 'sku', l.sku,
          'quantity', l.quantity, 'price', l.unit_price, 'lineTotal', (l.quantity * l.unit_price)::numeric(14, 2)
        ) order by l.line_number
      )
    )
    from stock_reservations r
    join stock_reservation_lines l on l.order_id = r.order_id
    where r.order_id = wanted
    group by r.order_id
  );

-- The client's lines with those for the same thing added up: checked one by one, each of two halves would look available.
create function wanted_lines(wanted jsonb)
  returns table (line_number bigint, product_id bigint, variant_id bigint, quantity bigint)
  language sql immutable
begin atomic
  select min(line.ordinality), (line.value ->> 'productId')::bigint, (line.value ->> 'variantId')::bigint,
    sum((line.value ->> 'quantity')::bigint)::bigint
  from jsonb_array_elements(wanted) with ordinality as line
  group by 2, 3;
end;

-- Moves the stock of every line of a reservation, and writes the movements, in one statement.
create function move_stock(wanted_order text, movement text, direction bigint) returns void
  language sql
begin atomic
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
  select product_id, variant_id, movement, direction * quantity, reference from line;
end;

-- Takes the stock for an order: all lines or none.
--
-- `wanted` is [{"productId":1,"variantId":null,"quantity":2},..]. Answers {"outcome":..} with `reserved` and `repeated`
-- (and `reservation`), `short` (and `shortLines`), `superseded` or `released`. It never raises for what a shopper may do.
create function reserve_stock(wanted_order text, wanted_revision bigint, wanted jsonb, ttl_seconds bigint)
  returns json
  language plpgsql
  set search_path = pg_catalog, public
as $$
declare
  current_reservation stock_reservations;
  is_same boolean;
  shortages json;
begin
  -- Two reserves of one order wait for each other, also when neither has a row yet.
  perform pg_advisory_xact_lock(hashtextextended(wanted_order, 0));

  -- Locked: a confirm that comes meanwhile waits for what is decided here.
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
      -- Only forward: the revision says which cart the reservation is good for. The checkout that asks gets its full time.
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

  -- Everybody locks in the same order, products before variants and each by id: no two can wait for each other.
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

  -- What can be had counts what this very order holds already.
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
    left join product_variants v on v.id = line.variant_id and v.product_id = line.product_id
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


-- The order exists: its stock is sold. Answers {"outcome":..} with `confirmed` (also if it was already, and also past its
-- time: the order counts), `released` or `absent`.
create function confirm_reservation(wanted_order text) returns json
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

-- The order is cancelled or will never exist: gives its stock back, once. Answers `released` (also if it was already) or
-- `absent`.
create function release_reservation(wanted_order text) returns json
  language plpgsql
  set search_path = pg_catalog, public
as $$
declare
  found_state text;
begin
  -- The same lock as reserve_stock, taken before any row: of two releases the second one finds it done.
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

-- Append-only: the database itself refuses to change or remove a movement.
grant select, insert on stock_movements to products_service;
grant select, insert, update on stock_reservations to products_service;
grant select, insert, delete on stock_reservation_lines to products_service;
