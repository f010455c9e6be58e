-- All categories, each with the number of active products in it and its descendants. Parameter: a slug, for that category
-- only (null for all).
with recursive tree as (
  select id as root, id from categories
  union
  select tree.root, child.id from categories child join tree on child.parent_id = tree.id
), own as (
  select category_id, count(*) as products from products where status = 'active' group by category_id
), counted as (
  select tree.root, coalesce(sum(own.products), 0)::bigint as products
  from tree
  left join own on own.category_id = tree.id
  group by tree.root
)
select json_build_object('categories', coalesce(json_agg(
  json_build_object(
    'id', c.id, 'name', c.name, 'slug', c.slug, 'description', c.description, 'parentId', c.parent_id,
    'productCount', counted.products
  ) order by c.name
), '[]'))::text
from categories c
join counted on counted.root = c.id
where $1::text is null or c.slug = $1::text
