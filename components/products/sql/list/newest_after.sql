        and ($6::text is null or (p.created_at, p.id) < ($6::text::timestamptz, $7::bigint))
      order by (p).created_at desc, (p).id desc
      limit $8::bigint + 1
    ) branch
    order by (p).created_at desc, (p).id desc
