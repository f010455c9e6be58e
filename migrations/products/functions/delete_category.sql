-- Deletes a category without products and subcategories. Returns {outcome, value}.
create or replace function delete_category(p_actor bigint, p_id bigint, p_versions text) returns json
language plpgsql as $$
declare
  removed record;
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
