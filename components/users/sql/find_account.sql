-- Parameters: account.
select account_json(
  u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
)::text from users u where u.id = $1::bigint
