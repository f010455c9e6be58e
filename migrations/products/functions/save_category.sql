-- Creates a category (`p_id` is null) or changes one. Serializes the writers of the tree: two concurrent moves could form a
-- cycle although each of them is valid. Returns {outcome, value}.
create or replace function save_category(p_actor bigint, p_id bigint, p_versions text, p_changes jsonb) returns json
language plpgsql as $$
declare
  saved record;
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
  return json_build_object('outcome', 'made', 'value', category_json(saved.id));
end
$$;
