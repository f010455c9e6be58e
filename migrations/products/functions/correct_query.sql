-- Replaces each word of a search that matches no product by the most similar word of the product names. Null if a word has no
-- similar one, or if there is no word to replace. `%>` uses the trigram index on names.
create or replace function correct_query(typed text) returns text
language plpgsql stable
-- Forces the indexes: the planner cannot know how rare the words are.
set enable_seqscan = off
set pg_trgm.word_similarity_threshold = '0.3' as $$
declare
  words text[] := regexp_split_to_array(btrim(lower(typed)), '[^[:alnum:]]+');
  word text;
  best text;
  corrected text[] := '{}';
begin
  if array_length(words, 1) > 8 then
    return null;
  end if;
  foreach word in array words loop
    if word = '' then
      continue;
    end if;
    best := word;
    if not exists (select from products where status = 'active' and search_vector @@ search_query(word)) then
      select candidate into best
      from (
        select distinct regexp_split_to_table(lower(name), '[^[:alnum:]]+') as candidate
        from (
          select name
          from products
          where status = 'active' and name %> word
          limit 200
        ) similar_names
      ) candidates
      where similarity(candidate, word) >= 0.3
      order by similarity(candidate, word) desc, candidate
      limit 1;
      if best is null then
        return null;
      end if;
    end if;
    corrected := corrected || best;
  end loop;
  return nullif(nullif(array_to_string(corrected, ' '), array_to_string(words, ' ')), '');
end
$$;
