select 'ok'::text
