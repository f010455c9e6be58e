drop function release_reservation(text);
drop function confirm_reservation(text);
drop function reserve_stock(text, bigint, jsonb, bigint);
drop function move_stock(text, text, bigint);
drop function wanted_lines(jsonb);
drop function reservation_json(text);
drop table stock_reservation_lines;
drop table stock_reservations;
drop table stock_movements;
