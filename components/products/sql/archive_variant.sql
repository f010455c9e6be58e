select archive_variant($1::bigint, $2::bigint, $3::bigint, $4::text)::text
