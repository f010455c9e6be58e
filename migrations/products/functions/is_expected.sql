-- Returns whether `p_version` is one of the comma-separated `p_versions`. Null allows every version.
create or replace function is_expected(p_version bigint, p_versions text) returns boolean
  language sql immutable parallel safe as $$
  select p_versions is null or p_version::text = any (string_to_array(p_versions, ','))
$$;
