drop table stock_events;
