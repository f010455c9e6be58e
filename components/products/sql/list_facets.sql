-- The number of products that match a filter, by category and by stock, and their price range.
-- Parameters: $1 category (slug or name), $2 search, $3 minimum and $4 maximum price, $5 in stock.
with found as (
  select branch.*
  from (select category_tree($1::text) as category_id union all select null where $1::text is null) tree
  cross join lateral (
    select p.id, p.base_price, p.stock_quantity, c.id as category_id, c.name as category_name, c.slug as category_slug
    from products p
    join categories c on c.id = p.category_id
    where p.status = 'active'
      and ($1::text is null or p.category_id = tree.category_id)
      and ($2::text is null or p.search_vector @@ search_query($2::text))
      and ($3::text is null or p.base_price >= $3::text::numeric)
      and ($4::text is null or p.base_price <= $4::text::numeric)
      and ($5::boolean is null or (p.stock_quantity > 0) = $5::boolean)
  ) branch
)
select json_build_object(
  'categories', coalesce((
    select json_agg(json_build_object('id', category_id, 'name', category_name, 'slug', category_slug, 'count', n)
      order by n desc, category_name)
    from (
      select category_id, category_name, category_slug, count(*) as n
      from found
      group by category_id, category_name, category_slug
      order by n desc, category_name
      limit 50
    ) counted
  ), '[]'),
  'price', json_build_object('min', (select min(base_price) from found), 'max', (select max(base_price) from found)),
  'inStock', json_build_object(
    'true', (select count(*) from found where stock_quantity > 0),
    'false', (select count(*) from found where stock_quantity <= 0)
  )
)::text
