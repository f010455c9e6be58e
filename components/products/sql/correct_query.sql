-- Replaces each misspelled word of a search by the most similar word of the product names. Null without a correction.
select correct_query($1::text)
