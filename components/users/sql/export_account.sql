-- Returns all data about a person, except hashes and tokens.
-- Parameters: account.
select json_build_object(
  'exportedAt', rfc3339(now()),
  'user', account_json(
    u.id, u.email, u.email_verified_at, u.full_name, u.role, u.disabled_at, u.created_at, u.version
  )::jsonb - 'version' || jsonb_build_object(
    'emailVerifiedAt', rfc3339(u.email_verified_at), 'updatedAt', rfc3339(u.updated_at)
  ),
  'addresses', (
    select coalesce(json_agg(address_json(a.id)::jsonb - 'version' order by a.id), '[]')
    from user_addresses a where a.user_id = u.id
  ),
  'sessions', (
    select coalesce(json_agg(json_build_object(
      'id', s.id, 'userAgent', s.user_agent, 'ip', s.ip, 'createdAt', rfc3339(s.created_at),
      'lastUsedAt', rfc3339(s.last_used_at), 'expiresAt', rfc3339(s.expires_at), 'revokedAt', rfc3339(s.revoked_at)
    ) order by s.id), '[]')
    from user_sessions s where s.user_id = u.id
  ),
  'messages', (
    select coalesce(json_agg(json_build_object(
      'kind', n.kind, 'createdAt', rfc3339(n.created_at), 'deliveredAt', rfc3339(n.delivered_at)
    ) order by n.id), '[]')
    from notifications n where n.user_id = u.id
  ),
  'auditLog', (
    select coalesce(json_agg(json_build_object(
      'id', l.id, 'action', l.action, 'metadata', l.metadata, 'createdAt', rfc3339(l.created_at)
    ) order by l.id), '[]')
    from user_audit_log l where l.user_id = u.id
  )
)::text
from users u
where u.id = $1::bigint
