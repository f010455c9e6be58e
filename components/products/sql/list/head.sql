-- A page of the catalogue: the key of its last product if there is more, a line break, and the finished JSON.
-- $1 category, $2 search, $3 lowest and $4 highest price, $5 in stock, $6 and $7 the key after which to go on, $8 page size.
--
-- Each category of the tree gives its first page by an index of its own, and the pages are merged: how many products there
-- are elsewhere does not matter. Without a category there is one branch, and all products are in it.
with page as (
  select row_number() over () as place, found.*
  from (
    select branch.*
    from (select category_tree($1::text) as category_id union all select null where $1::text is null) tree
    cross join lateral (
      select p, c, p.id,
