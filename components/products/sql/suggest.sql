-- Names of active products that begin with the text, then those with a matching word, then similar ones.
-- Parameters: the text, and the text as the beginning of a LIKE pattern.
select json_build_object('suggestions', coalesce(json_agg(name order by rank, name), '[]'))::text
from (
  select name, min(rank) as rank
  from (
    (select name, 0 as rank from products where status = 'active' and name ilike $2::text order by name limit 10)
    union all
    (
      select name, 1
      from products
      where status = 'active' and search_vector @@ search_query($1::text)
      order by name
      limit 10
    )
    union all
    (
      select name, 2
      from products
      where status = 'active' and name % $1::text
      order by similarity(name, $1::text) desc, name
      limit 10
    )
  ) found
  group by name
  order by rank, name
  limit 10
) suggested
