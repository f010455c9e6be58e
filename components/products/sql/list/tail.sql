    limit $8::bigint + 1
  ) found
)
select coalesce(
    (
      select json_build_array(sort_key, id)::text
      from page
      where place = $8::bigint and exists (select from page where place > $8::bigint)
    ), '')
  || E'\n'
  || coalesce((select json_agg(product_json(p, c) order by place) from page where place <= $8::bigint), '[]')::text
