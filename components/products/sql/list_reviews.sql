-- A page of the reviews of an active product, newest first. Null if there is no such product.
-- Parameters: the product, the id of the last review of the page before (null for the first page), page size.
with page as (
  select row_number() over () as place, found.*
  from (
    select r.*
    from product_reviews r
    where r.product_id = $1::bigint and ($2::bigint is null or r.id < $2::bigint)
    order by r.id desc
    limit $3::bigint + 1
  ) found
)
select json_build_object(
  'next', (
    select id from page where place = $3::bigint and exists (select from page where place > $3::bigint)
  ),
  'items', coalesce((
    select json_agg(
      json_build_object(
        'id', id, 'rating', rating, 'comment', comment, 'author', author, 'verifiedPurchase', verified_purchase,
        'createdAt', rfc3339(created_at)
      ) order by place
    )
    from page
    where place <= $3::bigint
  ), '[]')
)::text
from products
where id = $1::bigint and status = 'active'
