-- Parameters: the admin, the account, the versions that If-Match names (null for any), role and whether it is disabled
-- (null for no change).
select administer_account($1::bigint, $2::bigint, $3::text, $4::text, $5::boolean)::text
