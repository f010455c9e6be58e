-- Returns the variants of a product that are not archived. `p_base_price` is the price of the product.
create or replace function variants_json(p_product bigint, p_base_price numeric) returns json
  language sql stable as $$
  select coalesce((
    select json_agg(variant_json(v.id, v.variant_name, v.price_modifier, v.stock_quantity, p_base_price) order by v.id)
    from product_variants v
    where v.product_id = p_product and v.archived_at is null
  ), '[]')
$$;
