-- Held reservations that have expired, oldest first. Parameter: the maximum number of them.
select json_build_object('reservations', coalesce(json_agg(
  json_build_object('orderId', order_id, 'state', state, 'expiresAt', rfc3339(expires_at)) order by expires_at, order_id
), '[]'))::text
from (
  select order_id, state, expires_at
  from stock_reservations
  where state = 'held' and expires_at <= now()
  order by expires_at, order_id
  limit $1::bigint
) expired
