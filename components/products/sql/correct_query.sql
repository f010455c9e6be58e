select correct_query($1::text)
