      from products p
      join categories c on c.id = p.category_id
      where p.status = 'active'
        and ($1::text is null or p.category_id = tree.category_id)
        and ($2::text is null or p.search_vector @@ search_query($2::text))
        and ($3::text is null or p.base_price >= $3::text::numeric)
        and ($4::text is null or p.base_price <= $4::text::numeric)
        and ($5::boolean is null or (p.stock_quantity > 0) = $5::boolean)
