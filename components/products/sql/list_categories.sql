-- All categories, each with the number of its own and its descendants' active products.
with recursive tree as (
  select id as root, id from categories
  union
  select tree.root, child.id from categories child join tree on child.parent_id = tree.id
), counted as (
  select tree.root, count(p.id) as products
  from tree
  left join products p on p.category_id = tree.id and p.status = 'active'
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
