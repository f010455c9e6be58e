-- Converts a search text to a query for all its words, in any inflection. The last word also matches as a prefix. Never fails:
-- websearch_to_tsquery accepts any text, and only letters and digits get the prefix mark.
create or replace function search_query(typed text) returns tsquery
  language sql immutable parallel safe as $$
  with words as (
    select regexp_replace(typed, '\w+\W*$', '') as before_last,
      substring(typed from '(\w+)\W*$') as last
  )
  select case
    when last is null or typed ~ '["-]' then websearch_to_tsquery('english', typed)
    else websearch_to_tsquery('english', typed)
      || (websearch_to_tsquery('english', before_last) && to_tsquery('simple', last || ':*'))
  end
  from words
$$;
