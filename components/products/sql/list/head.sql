-- A page of the catalogue: the key of its last product if there is more, a line break, and the finished JSON.
-- $1 category, $2 search, $3 lowest and $4 highest price, $5 in stock, $6 and $7 the key after which to go on, $8 page size.
with page as (
  select row_number() over () as place, found.*
  from (
    select p, c, p.id,
