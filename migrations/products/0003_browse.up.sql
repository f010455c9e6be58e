-- What the statements of the catalogue share: one place for the JSON of a product, the tree of a category, and a search.

-- A category, by slug or name, and all that is below it. Empty for an unknown one.
create function category_tree(wanted text) returns setof bigint
  language sql stable
begin atomic
  with recursive tree as (
    select id from categories where slug = lower(wanted) or lower(name) = lower(wanted)
    union
    select child.id from categories child join tree on child.parent_id = tree.id
  )
  select id from tree;
end;

-- What a person types, as a query: all words in any form, the last one also as the beginning of a word.
-- Whatever it is, it is a query: operators are read by websearch_to_tsquery, and only letters and digits get a prefix mark.
create function search_query(typed text) returns tsquery
  language sql immutable parallel safe
begin atomic
  with words as (
    select regexp_replace(typed, '\w+\W*$', '') as before_last,
      substring(typed from '(\w+)\W*$') as last
  )
  select case
    when last is null or typed ~ '["-]' then websearch_to_tsquery('english', typed)
    else websearch_to_tsquery('english', typed)
      || (websearch_to_tsquery('english', before_last) && to_tsquery('simple', last || ':*'))
  end
  from words;
end;

create function product_rating(rating_sum bigint, rating_count bigint) returns numeric
  language sql immutable parallel safe
  return case when rating_count = 0 then 0 else round(rating_sum::numeric / rating_count, 2) end;

-- A product as lists show it.
create function product_json(p products, c categories) returns json
  language sql stable
  return json_build_object(
    'id', p.id, 'name', p.name, 'sku', p.sku, 'description', p.description,
    'category', json_build_object('id', c.id, 'name', c.name, 'slug', c.slug),
    'basePrice', p.base_price, 'currency', p.currency,
    'stockQuantity', p.stock_quantity, 'inStock', p.stock_quantity > 0,
    'rating', json_build_object('average', product_rating(p.rating_sum, p.rating_count), 'count', p.rating_count),
    'createdAt', rfc3339(p.created_at)
  );
