-- What admins write: products, variants, categories, stock; and what shoppers write: reviews.

-- A variant that was ever sold is referred to by the ledger, so it is put away and not removed. Its name is free again.
alter table product_variants add column archived_at timestamptz;
alter table product_variants drop constraint product_variants_name_key;
create unique index product_variants_name_key on product_variants (product_id, variant_name) where archived_at is null;
create index product_variants_by_product on product_variants (product_id, id) where archived_at is null;

-- Counts the writes, for ETag and If-Match. Stock is not among them: it moves all the time, and by itself.
alter table product_variants add column version bigint not null default 1;
alter table categories add column version bigint not null default 1;

-- What admins did, when and to what.
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

create function audit(p_actor bigint, p_action text, p_subject bigint, p_changes jsonb) returns void
  language sql
begin atomic
  insert into catalogue_audit_log (actor, action, subject_id, changes)
  values (p_actor, p_action, p_subject, p_changes);
end;

-- A variant as the product shows it.
create function variant_json(p products, v product_variants) returns json
  language sql stable
  return json_build_object(
    'id', v.id, 'variantName', v.variant_name, 'priceModifier', v.price_modifier,
    'price', p.base_price + v.price_modifier, 'stockQuantity', v.stock_quantity
  );

-- The variants that can be had.
create function variants_json(p products) returns json
  language sql stable
  return coalesce((
    select json_agg(variant_json(p, v) order by v.id)
    from product_variants v
    where v.product_id = p.id and v.archived_at is null
  ), '[]');

-- A product as admins see it.
create function administered_product_json(p products) returns json
  language sql stable
  return (
    select json_build_object(
      'id', p.id, 'name', p.name, 'sku', p.sku, 'description', p.description,
      'category', json_build_object('id', c.id, 'name', c.name, 'slug', c.slug),
      'basePrice', p.base_price, 'currency', p.currency,
      'stockQuantity', p.stock_quantity, 'inStock', p.stock_quantity > 0,
      'rating', json_build_object('average', product_rating(p.rating_sum, p.rating_count), 'count', p.rating_count),
      'createdAt', rfc3339(p.created_at), 'updatedAt', rfc3339(p.updated_at),
      'status', p.status, 'lowStockThreshold', p.low_stock_threshold, 'version', p.version,
      'variants', variants_json(p)
    )
    from categories c
    where c.id = p.category_id
  );

-- Whether `p_version` is among what If-Match names; no If-Match names all.
create function is_expected(p_version bigint, p_versions text) returns boolean
  language sql immutable parallel safe
  return p_versions is null or p_version::text = any (string_to_array(p_versions, ','));

-- Moves the stock of a product or of one of its variants, and writes the movement with it: the one way in which an admin
-- changes a quantity. The row is locked, so what is compared is what is changed. Answers {outcome, value}.
create function adjust_stock(
  p_actor bigint, p_product bigint, p_variant bigint, p_change bigint, p_type text, p_notes text
) returns json
language plpgsql as $$
declare
  available bigint;
begin
  if p_variant is null then
    select stock_quantity into available from products where id = p_product for no key update;
  else
    select stock_quantity into available
    from product_variants
    where id = p_variant and product_id = p_product and archived_at is null
    for no key update;
  end if;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif available + p_change < 0 then
    return json_build_object('outcome', 'insufficient-stock', 'value', available);
  elsif available + p_change > 1000000000 then
    return json_build_object('outcome', 'too-much-stock');
  end if;
  if p_variant is null then
    update products set stock_quantity = stock_quantity + p_change, updated_at = now() where id = p_product;
  else
    update product_variants set stock_quantity = stock_quantity + p_change, updated_at = now() where id = p_variant;
  end if;
  insert into stock_movements (product_id, variant_id, movement_type, quantity_change, notes)
  values (p_product, p_variant, p_type, p_change, p_notes);
  perform audit(
    p_actor, 'stock-moved', p_product,
    jsonb_build_object('variantId', p_variant, 'quantityChange', p_change, 'movementType', p_type)
  );
  return json_build_object('outcome', 'made', 'value', available + p_change);
end
$$;

-- A new product. `p_product` has its fields, which were checked. Answers {outcome, value}.
create function create_product(p_actor bigint, p_product jsonb) returns json
language plpgsql as $$
declare
  made products;
  units bigint := coalesce((p_product ->> 'stockQuantity')::bigint, 0);
begin
  if not exists (select from categories where id = (p_product ->> 'categoryId')::bigint) then
    return json_build_object('outcome', 'category-absent');
  end if;
  insert into products (sku, name, description, category_id, base_price, low_stock_threshold, status)
  values (
    p_product ->> 'sku', p_product ->> 'name', coalesce(p_product ->> 'description', ''),
    (p_product ->> 'categoryId')::bigint, (p_product ->> 'basePrice')::numeric,
    coalesce((p_product ->> 'lowStockThreshold')::bigint, 5), coalesce(p_product ->> 'status', 'draft')
  )
  returning * into made;
  perform audit(p_actor, 'product-created', made.id, p_product);
  if units > 0 then
    perform adjust_stock(p_actor, made.id, null, units, 'restock', 'initial stock');
    select * into made from products where id = made.id;
  end if;
  return json_build_object('outcome', 'made', 'value', administered_product_json(made));
end
$$;

-- Changes the fields of a product that `p_changes` has. A new quantity is an adjustment in the ledger. Answers
-- {outcome, value}.
create function change_product(p_actor bigint, p_id bigint, p_versions text, p_changes jsonb) returns json
language plpgsql as $$
declare
  changed products;
  units bigint := (p_changes ->> 'stockQuantity')::bigint;
begin
  select * into changed from products where id = p_id for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif not is_expected(changed.version, p_versions) then
    return json_build_object('outcome', 'stale');
  elsif p_changes ? 'categoryId'
    and not exists (select from categories where id = (p_changes ->> 'categoryId')::bigint)
  then
    return json_build_object('outcome', 'category-absent');
  elsif exists (
    select from product_variants
    where product_id = p_id and archived_at is null
      and (p_changes ->> 'basePrice')::numeric + price_modifier < 0
  ) then
    return json_build_object('outcome', 'price-negative');
  end if;
  if units <> changed.stock_quantity then
    perform adjust_stock(p_actor, p_id, null, units - changed.stock_quantity, 'adjustment', 'set to ' || units);
  end if;
  update products
  set sku = coalesce(p_changes ->> 'sku', sku),
      name = coalesce(p_changes ->> 'name', name),
      description = coalesce(p_changes ->> 'description', description),
      category_id = coalesce((p_changes ->> 'categoryId')::bigint, category_id),
      base_price = coalesce((p_changes ->> 'basePrice')::numeric, base_price),
      low_stock_threshold = coalesce((p_changes ->> 'lowStockThreshold')::bigint, low_stock_threshold),
      status = coalesce(p_changes ->> 'status', status),
      version = version + 1,
      updated_at = now()
  where id = p_id
  returning * into changed;
  perform audit(p_actor, 'product-changed', p_id, p_changes);
  return json_build_object('outcome', 'made', 'value', administered_product_json(changed));
end
$$;

-- A new variant (`p_id` is null), or a change of one. Counts as a change of its product. Answers {outcome, value}.
create function save_variant(p_actor bigint, p_product bigint, p_id bigint, p_versions text, p_changes jsonb) returns json
language plpgsql as $$
declare
  owner products;
  saved product_variants;
  units bigint := (p_changes ->> 'stockQuantity')::bigint;
begin
  select * into owner from products where id = p_product for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  end if;
  if p_id is not null then
    select * into saved
    from product_variants
    where id = p_id and product_id = p_product and archived_at is null
    for no key update;
    if not found then
      return json_build_object('outcome', 'absent');
    elsif not is_expected(saved.version, p_versions) then
      return json_build_object('outcome', 'stale');
    end if;
  end if;
  if owner.base_price + coalesce((p_changes ->> 'priceModifier')::numeric, saved.price_modifier, 0) < 0 then
    return json_build_object('outcome', 'price-negative');
  end if;
  if p_id is null then
    insert into product_variants (product_id, variant_name, price_modifier)
    values (p_product, p_changes ->> 'variantName', coalesce((p_changes ->> 'priceModifier')::numeric, 0))
    returning * into saved;
  else
    update product_variants
    set variant_name = coalesce(p_changes ->> 'variantName', variant_name),
        price_modifier = coalesce((p_changes ->> 'priceModifier')::numeric, price_modifier),
        version = version + 1,
        updated_at = now()
    where id = p_id
    returning * into saved;
  end if;
  if units <> saved.stock_quantity then
    perform adjust_stock(
      p_actor, p_product, saved.id, units - saved.stock_quantity,
      case when p_id is null then 'restock' else 'adjustment' end,
      case when p_id is null then 'initial stock' else 'set to ' || units end
    );
    select * into saved from product_variants where id = saved.id;
  end if;
  update products set version = version + 1, updated_at = now() where id = p_product;
  perform audit(
    p_actor, case when p_id is null then 'variant-created' else 'variant-changed' end, p_product,
    p_changes || jsonb_build_object('variantId', saved.id)
  );
  return json_build_object(
    'outcome', 'made', 'value', variant_json(owner, saved)::jsonb || jsonb_build_object('version', saved.version)
  );
end
$$;

-- Puts a variant away, with what is left of its stock. Answers {outcome, value}.
create function archive_variant(p_actor bigint, p_product bigint, p_id bigint, p_versions text) returns json
language plpgsql as $$
declare
  put_away product_variants;
begin
  select * into put_away
  from product_variants
  where id = p_id and product_id = p_product and archived_at is null
  for no key update;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif not is_expected(put_away.version, p_versions) then
    return json_build_object('outcome', 'stale');
  end if;
  if put_away.stock_quantity > 0 then
    perform adjust_stock(p_actor, p_product, p_id, -put_away.stock_quantity, 'adjustment', 'put away');
  end if;
  update product_variants set archived_at = now(), version = version + 1, updated_at = now() where id = p_id;
  update products set version = version + 1, updated_at = now() where id = p_product;
  perform audit(p_actor, 'variant-archived', p_product, jsonb_build_object('variantId', p_id));
  return json_build_object('outcome', 'made', 'value', true);
end
$$;

-- A category as the public list shows it, with its version.
create function category_json(c categories) returns json
  language sql stable
  return json_build_object(
    'id', c.id, 'name', c.name, 'slug', c.slug, 'description', c.description, 'parentId', c.parent_id,
    'productCount', (
      select coalesce(sum(counted.products), 0)
      from category_tree(c.slug) as tree(id)
      cross join lateral (
        select count(*) as products from products p where p.category_id = tree.id and p.status = 'active'
      ) counted
    ),
    'version', c.version
  );

-- A new category (`p_id` is null), or a change of one. One writer of the tree at a time: two moves at once could each be
-- right and together make a circle. Answers {outcome, value}.
create function save_category(p_actor bigint, p_id bigint, p_versions text, p_changes jsonb) returns json
language plpgsql as $$
declare
  saved categories;
  parent bigint := (p_changes ->> 'parentId')::bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('categories', 0));
  if p_id is not null then
    select * into saved from categories where id = p_id for no key update;
    if not found then
      return json_build_object('outcome', 'absent');
    elsif not is_expected(saved.version, p_versions) then
      return json_build_object('outcome', 'stale');
    end if;
  end if;
  if parent is not null and not exists (select from categories where id = parent) then
    return json_build_object('outcome', 'parent-absent');
  elsif parent in (
    with recursive below as (
      select p_id as id
      union
      select child.id from categories child join below on child.parent_id = below.id
    )
    select id from below
  ) then
    return json_build_object('outcome', 'circle');
  end if;
  if p_id is null then
    insert into categories (name, slug, description, parent_id)
    values (p_changes ->> 'name', p_changes ->> 'slug', coalesce(p_changes ->> 'description', ''), parent)
    returning * into saved;
  else
    update categories
    set name = coalesce(p_changes ->> 'name', name),
        slug = coalesce(p_changes ->> 'slug', slug),
        description = coalesce(p_changes ->> 'description', description),
        parent_id = case when p_changes ? 'parentId' then parent else parent_id end,
        version = version + 1,
        updated_at = now()
    where id = p_id
    returning * into saved;
  end if;
  perform audit(
    p_actor, case when p_id is null then 'category-created' else 'category-changed' end, saved.id, p_changes
  );
  return json_build_object('outcome', 'made', 'value', category_json(saved));
end
$$;

-- Removes a category that nothing is in. Answers {outcome, value}.
create function delete_category(p_actor bigint, p_id bigint, p_versions text) returns json
language plpgsql as $$
declare
  removed categories;
begin
  perform pg_advisory_xact_lock(hashtextextended('categories', 0));
  select * into removed from categories where id = p_id for update;
  if not found then
    return json_build_object('outcome', 'absent');
  elsif not is_expected(removed.version, p_versions) then
    return json_build_object('outcome', 'stale');
  elsif exists (select from categories where parent_id = p_id) or exists (select from products where category_id = p_id) then
    return json_build_object('outcome', 'in-use');
  end if;
  delete from categories where id = p_id;
  perform audit(p_actor, 'category-deleted', p_id, jsonb_build_object('slug', removed.slug));
  return json_build_object('outcome', 'made', 'value', true);
end
$$;

-- Writes a review and counts it, in one statement. A second one of the same person fails at product_reviews_one_each.
create function write_review(
  p_product bigint, p_user bigint, p_author text, p_rating bigint, p_comment text, p_verified boolean
) returns json
language plpgsql as $$
declare
  written product_reviews;
begin
  update products
  set rating_sum = rating_sum + p_rating, rating_count = rating_count + 1
  where id = p_product and status = 'active';
  if not found then
    return json_build_object('outcome', 'absent');
  end if;
  insert into product_reviews (product_id, user_id, author, rating, comment, verified_purchase)
  values (p_product, p_user, p_author, p_rating, p_comment, p_verified)
  returning * into written;
  return json_build_object('outcome', 'made', 'value', json_build_object(
    'id', written.id, 'rating', written.rating, 'comment', written.comment, 'author', written.author,
    'verifiedPurchase', written.verified_purchase, 'createdAt', rfc3339(written.created_at)
  ));
end
$$;

-- As before, but for one condition: a variant that was put away is not sold.
create or replace function reserve_stock(wanted_order text, wanted_revision bigint, wanted jsonb, ttl_seconds bigint)
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

grant select, insert on catalogue_audit_log to products_service;
