-- Counts one attempt, and admits it if it is among the first `p_limit` of its window. The window starts with the first
-- attempt. Attempts are counted before they are made, so that of a hundred concurrent ones no more than the limit are
-- admitted.
create or replace function admit(p_kind text, p_subject text, p_limit bigint, p_window_s bigint) returns json
language plpgsql as $$
declare
  counter record;
begin
  insert into throttle_counters as c (kind, slot, attempts, window_ends_at)
  values (p_kind, throttle_slot(p_subject), 1, now() + make_interval(secs => p_window_s))
  on conflict on constraint throttle_counters_pkey do update
  set attempts = case when c.window_ends_at <= now() then 1 else least(c.attempts, p_limit) + 1 end,
      window_ends_at = case when c.window_ends_at <= now() then excluded.window_ends_at else c.window_ends_at end
  returning c.* into counter;
  return json_build_object(
    'isAdmitted', counter.attempts <= p_limit,
    'limit', p_limit,
    'windowS', p_window_s,
    'remaining', greatest(p_limit - counter.attempts, 0),
    'resetS', greatest(ceil(extract(epoch from counter.window_ends_at - now())), 1)::bigint
  );
end
$$;
