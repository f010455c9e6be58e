drop function product_rating(bigint, bigint);
