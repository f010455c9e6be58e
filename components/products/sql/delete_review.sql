-- Deletes a review and subtracts it from the rating of its product. Parameters: the product, the review, the author (null
-- for an admin, who may delete any review).
with removed as (
  delete from product_reviews
  where id = $2::bigint and product_id = $1::bigint and ($3::bigint is null or user_id = $3::bigint)
  returning product_id, rating
), counted as (
  update products p
  set rating_sum = p.rating_sum - r.rating, rating_count = p.rating_count - 1
  from removed r
  where p.id = r.product_id
)
select 'removed'::text from removed
