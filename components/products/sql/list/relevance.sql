        ts_rank(p.search_vector, search_query(coalesce($2::text, '')))::text as sort_key
