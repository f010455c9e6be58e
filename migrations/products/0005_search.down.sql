drop function correct_query(text);
