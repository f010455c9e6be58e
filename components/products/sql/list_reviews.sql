-- A page of an active product's reviews, newest first: as list/head.sql. Null for a product that is not there.
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
select coalesce(
    (select id::text from page where place = $3::bigint and exists (select from page where place > $3::bigint)), '')
  || E'\n'
  || coalesce((
    select json_agg(
      json_build_object(
        'id', id, 'rating', rating, 'comment', comment, 'author', author, 'verifiedPurchase', verified_purchase,
        'createdAt', rfc3339(created_at)
      ) order by place
    )
    from page
    where place <= $3::bigint
  ), '[]')::text
from products
where id = $1::bigint and status = 'active'
