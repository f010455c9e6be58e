        product_rating(p.rating_sum, p.rating_count)::text as sort_key
