-- Writes a review and adds it to the rating of its product. A second review by the same user violates
-- product_reviews_one_each.
create or replace function write_review(
  p_product bigint, p_user bigint, p_author text, p_rating bigint, p_comment text, p_verified boolean
) returns json
language plpgsql as $$
declare
  written record;
begin
  update products
  set rating_sum = rating_sum + p_rating, rating_count = rating_count + 1
  where id = p_product and status = 'active';
  if not found then
    return json_build_object('outcome', 'absent');
  end if;
  insert into product_reviews (product_id, user_id, author, rating, comment, verified_purchase)
  values (p_product, p_user, p_author, p_rating, p_comment, p_verified)
  returning * into written;
  return json_build_object('outcome', 'made', 'value', json_build_object(
    'id', written.id, 'rating', written.rating, 'comment', written.comment, 'author', written.author,
    'verifiedPurchase', written.verified_purchase, 'createdAt', rfc3339(written.created_at)
  ));
end
$$;
