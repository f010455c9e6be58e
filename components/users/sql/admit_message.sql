-- Parameters: client, limit, window in seconds.
select admit('message-client', $1::text, $2::bigint, $3::bigint)::text
