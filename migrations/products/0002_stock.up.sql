-- The stock ledger and the reservations.
--
-- Rule: `stock_quantity` of a product or a variant is the sum of its movements. Each statement changes both, and a movement
-- is never changed.

create table stock_movements (
  id              bigint generated always as identity,
  product_id      bigint not null,
  -- Null for the stock of the product itself.
  variant_id      bigint,
  movement_type   text not null,
  quantity_change bigint not null,
  -- The cause: an order and the revision of its reservation. Null for a movement that an admin writes.
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
-- Rejects a repeated movement of one cause.
create unique index stock_movements_once_per_reference
  on stock_movements (reference, product_id, variant_id, movement_type) nulls not distinct
  where reference is not null;
create index stock_movements_by_product on stock_movements (product_id, variant_id, id desc) include (quantity_change);

create table stock_reservations (
  order_id   text not null,
  state      text not null default 'held',
  -- The revision of the cart: its update time. A newer revision replaces an older one, never the reverse.
  revision   bigint not null,
  currency   text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint stock_reservations_pkey primary key (order_id),
  constraint stock_reservations_state_known check (state in ('held', 'confirmed', 'released')),
  constraint stock_reservations_order_id_form check (order_id ~ '^ORD-[0-9A-Z-]{1,60}$')
);
-- For the reconciliation, which lists expired reservations.
create index stock_reservations_held on stock_reservations (expires_at, order_id) where state = 'held';

create table stock_reservation_lines (
  order_id     text not null,
  -- The position among the lines of the request.
  line_number     bigint not null,
  product_id   bigint not null,
  variant_id   bigint,
  quantity     bigint not null,
  -- Price, name and SKU at the time of the reservation. Later changes of the product do not apply.
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

-- Append-only: the role cannot update or delete a movement.
grant select, insert on stock_movements to products_service;
grant select, insert, update on stock_reservations to products_service;
grant select, insert, delete on stock_reservation_lines to products_service;
