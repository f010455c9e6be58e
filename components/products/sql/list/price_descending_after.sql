        and ($6::text is null or (p.base_price, p.id) < ($6::text::numeric, $7::bigint))
      order by (p).base_price desc, (p).id desc
      limit $8::bigint + 1
    ) branch
    order by (p).base_price desc, (p).id desc
