-- What a person types, as a query: all words in any form, the last one also as the beginning of a word.
-- Whatever it is, it is a query: operators are read by websearch_to_tsquery, and only letters and digits get a prefix mark.
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
