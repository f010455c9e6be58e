-- Returns the ids of a category, found by slug or name, and of its descendants. Empty if there is no such category.
create or replace function category_tree(wanted text) returns setof bigint
  language sql stable as $$
  with recursive tree as (
    select id from categories where slug = lower(wanted) or lower(name) = lower(wanted)
    union
    select child.id from categories child join tree on child.parent_id = tree.id
  )
  select id from tree
$$;
