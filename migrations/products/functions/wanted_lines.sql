-- Returns the requested lines with one line for each product and variant. Duplicate lines are added up, because their sum must
-- be available.
create or replace function wanted_lines(wanted jsonb)
  returns table (line_number bigint, product_id bigint, variant_id bigint, quantity bigint)
  language sql immutable as $$
  select min(line.ordinality), (line.value ->> 'productId')::bigint, (line.value ->> 'variantId')::bigint,
    sum((line.value ->> 'quantity')::bigint)::bigint
  from jsonb_array_elements(wanted) with ordinality as line
  group by 2, 3
$$;
