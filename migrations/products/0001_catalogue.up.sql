-- The catalog: categories, products, variants, reviews.
-- `migrate bootstrap` creates the role of the service. The role owns nothing; the grants below are what its statements need.

create extension if not exists pg_trgm;

create table categories (
  id          bigint generated always as identity,
  parent_id   bigint,
  slug        text not null,
  name        text not null,
  description text not null default '',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  constraint categories_pkey primary key (id),
  constraint categories_slug_key unique (slug),
  constraint categories_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100),
  constraint categories_name_length check (length(name) between 1 and 100),
  constraint categories_parent_fkey foreign key (parent_id) references categories (id),
  constraint categories_parent_is_another check (parent_id <> id)
);
create index categories_by_parent on categories (parent_id);

create table products (
  id                  bigint generated always as identity,
  sku                 text not null,
  name                text not null,
  description         text not null default '',
  category_id         bigint not null,
  base_price          numeric(12, 2) not null,
  -- Text with a check, because Spin cannot read a user-defined enum.
  currency            text not null default 'USD',
  -- The quantity that can be sold: the sum of the product's movements (0002_stock).
  stock_quantity      bigint not null default 0,
  low_stock_threshold bigint not null default 5,
  status              text not null default 'draft',
  -- Updated by the statement that writes or deletes a review.
  rating_sum          bigint not null default 0,
  rating_count        bigint not null default 0,
  -- Incremented by each change, for ETag and If-Match.
  version             bigint not null default 1,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  search_vector       tsvector not null generated always as (
    setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('simple', sku), 'A')
    || setweight(to_tsvector('english', description), 'C')
  ) stored,
  constraint products_pkey primary key (id),
  constraint products_sku_key unique (sku),
  constraint products_sku_form check (sku ~ '^[A-Z0-9][A-Z0-9._-]{0,63}$'),
  constraint products_name_length check (length(name) between 1 and 200),
  constraint products_category_fkey foreign key (category_id) references categories (id),
  constraint products_price_not_negative check (base_price >= 0),
  -- The shop has one currency, so that the lines of an order can be added up.
  constraint products_currency_known check (currency = 'USD'),
  -- Prevents overselling even if a statement is wrong.
  constraint products_stock_not_negative check (stock_quantity >= 0),
  constraint products_status_known check (status in ('draft', 'active', 'archived'))
);
-- One index for each sort order of the public list, so that the cost of a page does not depend on its number.
create index products_newest on products (created_at desc, id desc) where status = 'active';
create index products_by_price on products (base_price, id) where status = 'active';
create index products_by_name on products (name, id) where status = 'active';
create index products_by_category on products (category_id, created_at desc, id desc) where status = 'active';
create index products_search on products using gin (search_vector);
create index products_name_trigrams on products using gin (name gin_trgm_ops);

create table product_variants (
  id             bigint generated always as identity,
  product_id     bigint not null,
  variant_name   text not null,
  price_modifier numeric(12, 2) not null default 0,
  stock_quantity bigint not null default 0,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  constraint product_variants_pkey primary key (id),
  constraint product_variants_product_fkey foreign key (product_id) references products (id) on delete cascade,
  constraint product_variants_name_key unique (product_id, variant_name),
  constraint product_variants_stock_not_negative check (stock_quantity >= 0)
);

create table product_reviews (
  id                bigint generated always as identity,
  product_id        bigint not null,
  user_id           bigint not null,
  -- First name and initial at the time of writing; the users service has the accounts.
  author            text not null,
  rating            bigint not null,
  comment           text not null default '',
  verified_purchase boolean not null default false,
  created_at        timestamptz not null default now(),
  constraint product_reviews_pkey primary key (id),
  constraint product_reviews_product_fkey foreign key (product_id) references products (id) on delete cascade,
  constraint product_reviews_one_each unique (product_id, user_id),
  constraint product_reviews_rating_range check (rating between 1 and 5)
);
create index product_reviews_newest on product_reviews (product_id, id desc);

do $$
begin
  if not exists (select from pg_roles where rolname = 'products_service') then
    create role products_service nologin;
  end if;
end
$$;
grant usage on schema public to products_service;
grant select, insert, update, delete on categories, product_variants, product_reviews to products_service;
-- A product is archived and never deleted, because orders refer to it.
grant select, insert, update on products to products_service;
