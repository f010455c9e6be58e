-- Parameters: the order, the revision, [{"productId":1,"variantId":null,"quantity":2},..], the seconds until it expires.
select reserve_stock($1::text, $2::bigint, $3::text::jsonb, $4::bigint)::text
