-- Returns a reservation with its lines, or null if there is none.
create or replace function reservation_json(wanted text) returns json
  language sql stable as $$
  select (
    select json_build_object(
      'orderId', r.order_id,
      'state', r.state,
      'revision', r.revision,
      'expiresAt', rfc3339(r.expires_at),
      'currency', r.currency,
      'totalAmount', sum(l.quantity * l.unit_price)::numeric(14, 2),
      'lines', json_agg(
        json_build_object(
          'productId', l.product_id, 'variantId', l.variant_id, 'productName', l.product_name, 'sku', l.sku,
          'quantity', l.quantity, 'price', l.unit_price, 'lineTotal', (l.quantity * l.unit_price)::numeric(14, 2)
        ) order by l.line_number
      )
    )
    from stock_reservations r
    join stock_reservation_lines l on l.order_id = r.order_id
    where r.order_id = wanted
    group by r.order_id
  )
$$;
