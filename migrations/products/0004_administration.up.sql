-- Administration of products, variants and categories.

-- A variant is archived and never deleted, because the ledger refers to it. Another variant can then take its name.
alter table product_variants add column archived_at timestamptz;
alter table product_variants drop constraint product_variants_name_key;
create unique index product_variants_name_key on product_variants (product_id, variant_name) where archived_at is null;
create index product_variants_by_product on product_variants (product_id, id) where archived_at is null;

-- Incremented by each change, for ETag and If-Match. A change of the stock does not increment it.
alter table product_variants add column version bigint not null default 1;
alter table categories add column version bigint not null default 1;

-- Append-only log of the changes that admins make.
create table catalogue_audit_log (
  id         bigint generated always as identity,
  actor      bigint not null,
  action     text not null,
  subject_id bigint not null,
  changes    jsonb not null,
  created_at timestamptz not null default now(),
  constraint catalogue_audit_log_pkey primary key (id)
);
create index catalogue_audit_log_by_subject on catalogue_audit_log (subject_id, id desc);

create index products_in_category on products (category_id);
create index stock_movements_newest on stock_movements (product_id, id desc);
create index product_reviews_of_user on product_reviews (user_id, id desc);

grant select, insert on catalogue_audit_log to products_service;
