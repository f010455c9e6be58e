-- Returns an address as JSON. Every statement that returns an address uses this function.
create or replace function address_json(p_id bigint) returns json
  language sql stable parallel safe as $$
  select json_build_object(
    'id', a.id, 'addressType', a.address_type, 'streetAddress', a.street_address, 'city', a.city, 'region', a.region,
    'postalCode', a.postal_code, 'country', a.country, 'isDefault', a.is_default, 'version', a.version,
    'createdAt', rfc3339(a.created_at), 'updatedAt', rfc3339(a.updated_at)
  )
  from user_addresses a
  where a.id = p_id
$$;
