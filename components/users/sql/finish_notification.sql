-- Records the outcome of a delivery attempt, and deletes finished messages that are older than 30 days.
-- Parameters: message, outcome ('delivered', 'abandoned' or 'failed'), error.
with finished as (
  update notifications
  set delivered_at = case when $2::text = 'delivered' then now() end,
      abandoned_at = case when $2::text = 'abandoned' then now() end,
      last_error = $3::text
  where id = $1::bigint
  returning id
), purged as (
  delete from notifications
  where id in (
    select id
    from notifications
    where created_at < now() - interval '30 days' and (delivered_at is not null or abandoned_at is not null)
    order by created_at
    limit 100
  )
)
select 'finished'::text from finished
