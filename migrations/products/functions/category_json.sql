-- Returns a category with the fields of the public list and its version.
create or replace function category_json(p_id bigint) returns json
  language sql stable as $$
  select json_build_object(
    'id', c.id, 'name', c.name, 'slug', c.slug, 'description', c.description, 'parentId', c.parent_id,
    'productCount', (
      select coalesce(sum(counted.products), 0)
      from category_tree(c.slug) as tree(id)
      cross join lateral (
        select count(*) as products from products p where p.category_id = tree.id and p.status = 'active'
      ) counted
    ),
    'version', c.version
  )
  from categories c
  where c.id = p_id
$$;
