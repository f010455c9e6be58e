-- Parameters: admin, account, expected versions (null for any), role and disabled (null for no change).
select administer_account($1::bigint, $2::bigint, $3::text, $4::text, $5::boolean)::text
