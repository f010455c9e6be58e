          order by p.id desc
          limit 1000
        )
        and (
          $6::text is null
          or (ts_rank(p.search_vector, search_query(coalesce($2::text, ''))), p.id) < ($6::text::real, $7::bigint)
        )
      order by ts_rank((p).search_vector, search_query(coalesce($2::text, ''))) desc, (p).id desc
      limit $8::bigint + 1
    ) branch
    order by ts_rank((p).search_vector, search_query(coalesce($2::text, ''))) desc, (p).id desc
