-- Parameters: the product, the author, the name to display, the rating, the comment, whether the purchase is verified.
select write_review($1::bigint, $2::bigint, $3::text, $4::bigint, $5::text, $6::boolean)::text
