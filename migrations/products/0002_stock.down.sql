drop table stock_reservation_lines;
drop table stock_reservations;
drop table stock_movements;
