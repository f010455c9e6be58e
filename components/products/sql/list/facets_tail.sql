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
