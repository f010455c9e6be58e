      and ($6::text is null or (p.name, p.id) > ($6::text, $7::bigint))
    order by p.name, p.id
