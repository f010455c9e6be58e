-- A page of the products that match a filter, cheapest first.
-- Parameters: $1 category (slug or name), $2 search, $3 minimum and $4 maximum price, $5 in stock, $6 sort key and $7 id of
-- the last product of the page before (null for the first page), $8 page size.
--
-- Each category of the tree contributes its own first page through its own index, and the outer query merges these pages:
-- the cost does not depend on the number of products. Without a category there is one branch with all products.
with page as (
  select row_number() over () as place, found.*
  from (
    select branch.*
    from (select category_tree($1::text) as category_id union all select null where $1::text is null) tree
    cross join lateral (
      select p, c, p.id,
        p.base_price::text as sort_key
      from products p
      join categories c on c.id = p.category_id
      where p.status = 'active'
        and ($1::text is null or p.category_id = tree.category_id)
        and ($2::text is null or p.search_vector @@ search_query($2::text))
        and ($3::text is null or p.base_price >= $3::text::numeric)
        and ($4::text is null or p.base_price <= $4::text::numeric)
        and ($5::boolean is null or (p.stock_quantity > 0) = $5::boolean)
        and ($6::text is null or (p.base_price, p.id) > ($6::text::numeric, $7::bigint))
      order by (p).base_price, (p).id
      limit $8::bigint + 1
    ) branch
    order by (p).base_price, (p).id
    limit $8::bigint + 1
  ) found
)
select json_build_object(
  'next', (
    select json_build_array(sort_key, id)
    from page
    where place = $8::bigint and exists (select from page where place > $8::bigint)
  ),
  'items', coalesce((
    select json_agg(json_build_object(
      'id', (p).id, 'name', (p).name, 'sku', (p).sku, 'description', (p).description,
      'category', json_build_object('id', (c).id, 'name', (c).name, 'slug', (c).slug),
      'basePrice', (p).base_price, 'currency', (p).currency,
      'stockQuantity', (p).stock_quantity, 'inStock', (p).stock_quantity > 0,
      'rating', json_build_object(
        'average', product_rating((p).rating_sum, (p).rating_count), 'count', (p).rating_count
      ),
      'createdAt', rfc3339((p).created_at)
    ) order by place)
    from page
    where place <= $8::bigint
  ), '[]')
)::text
