        p.name as sort_key
