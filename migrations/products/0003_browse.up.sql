-- The average rating of a product. It stays in a numbered migration because indexes are built on it (0007_indexes).
create function product_rating(rating_sum bigint, rating_count bigint) returns numeric
  language sql immutable parallel safe
  return case when rating_count = 0 then 0 else round(rating_sum::numeric / rating_count, 2) end;
