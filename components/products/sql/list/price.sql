        p.base_price::text as sort_key
