        and ($6::text is null or (p.name, p.id) > ($6::text, $7::bigint))
      order by (p).name, (p).id
      limit $8::bigint + 1
    ) branch
    order by (p).name, (p).id
