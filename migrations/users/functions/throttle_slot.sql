-- Returns the slot of a subject's counter, one of 2^20.
create or replace function throttle_slot(p_subject text) returns bigint
  language sql immutable strict parallel safe as $$
  select hashtextextended(p_subject, 0) & 1048575
$$;
