        p.created_at::text as sort_key
