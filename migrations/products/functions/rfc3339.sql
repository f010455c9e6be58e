-- Formats a time for JSON: RFC 3339 in UTC with microseconds.
create or replace function rfc3339(moment timestamptz) returns text
  language sql stable parallel safe as $$
  select to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
