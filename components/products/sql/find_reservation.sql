-- Parameter: the order.
select reservation_json($1::text)::text
