-- Parameter: the order.
select release_reservation($1::text)::text
