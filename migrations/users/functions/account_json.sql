-- Returns an account as JSON. Every statement that returns an account uses this function.
create or replace function account_json(
  id bigint, email text, email_verified_at timestamptz, full_name text, role text, disabled_at timestamptz,
  created_at timestamptz, version bigint
) returns json
  language sql stable parallel safe as $$
  select json_build_object(
    'id', id, 'email', email, 'emailVerified', email_verified_at is not null, 'fullName', full_name,
    'role', role, 'disabledAt', rfc3339(disabled_at), 'createdAt', rfc3339(created_at), 'version', version
  )
$$;
