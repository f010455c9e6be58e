-- Events about low stock.

-- Written when a stock falls to the threshold of its product. A trigger writes it, because every change of a stock passes
-- through the trigger.
create table stock_events (
  id             bigint generated always as identity,
  product_id     bigint not null,
  variant_id     bigint,
  kind           text not null,
  stock_quantity bigint not null,
  threshold      bigint not null,
  created_at     timestamptz not null default now(),
  constraint stock_events_pkey primary key (id),
  constraint stock_events_kind_known check (kind = 'low-stock')
);
create index stock_events_by_product on stock_events (product_id, id desc);

grant select on stock_events to products_service;
