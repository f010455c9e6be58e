-- Parameter: the order.
select confirm_reservation($1::text)::text
