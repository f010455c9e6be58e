-- Inserts an address, or replaces the address `p_id`. `p_versions` are the expected versions. Returns {outcome, value}.
-- Locks the account first, so that of two concurrent statements the second one sees the default that the first has set.
create or replace function save_address(
  p_user bigint, p_id bigint, p_versions text, p_max_addresses bigint,
  p_type text, p_street text, p_city text, p_region text, p_postal_code text, p_country text, p_is_default boolean
) returns json
language plpgsql as $$
declare
  saved record;
begin
  perform from users where id = p_user for no key update;
  if p_id is null then
    if (select count(*) from user_addresses where user_id = p_user) >= p_max_addresses then
      return json_build_object('outcome', 'too-many');
    end if;
  else
    select * into saved from user_addresses where id = p_id and user_id = p_user;
    if not found then
      return json_build_object('outcome', 'absent');
    elsif p_versions is not null and saved.version::text <> all (string_to_array(p_versions, ',')) then
      return json_build_object('outcome', 'stale');
    end if;
  end if;
  if p_is_default then
    update user_addresses
    set is_default = false, version = version + 1, updated_at = now()
    where user_id = p_user and address_type = p_type and is_default and id is distinct from p_id;
  end if;
  if p_id is null then
    insert into user_addresses
      (user_id, address_type, street_address, city, region, postal_code, country, is_default)
    values (p_user, p_type, p_street, p_city, p_region, p_postal_code, p_country, p_is_default)
    returning * into saved;
  else
    update user_addresses
    set address_type = p_type, street_address = p_street, city = p_city, region = p_region,
        postal_code = p_postal_code, country = p_country, is_default = p_is_default,
        version = version + 1, updated_at = now()
    where id = p_id
    returning * into saved;
  end if;
  insert into user_audit_log (user_id, action, metadata)
  values (
    p_user, case when p_id is null then 'address-added' else 'address-changed' end,
    jsonb_build_object('addressId', saved.id)
  );
  return json_build_object('outcome', 'made', 'value', address_json(saved.id));
end
$$;
