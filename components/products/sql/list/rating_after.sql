        and ($6::text is null or (product_rating(p.rating_sum, p.rating_count), p.id) < ($6::text::numeric, $7::bigint))
      order by product_rating((p).rating_sum, (p).rating_count) desc, (p).id desc
      limit $8::bigint + 1
    ) branch
    order by product_rating((p).rating_sum, (p).rating_count) desc, (p).id desc
