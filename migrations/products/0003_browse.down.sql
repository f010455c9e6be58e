drop function product_json(products, categories);
drop function product_rating(bigint, bigint);
drop function search_query(text);
drop function category_tree(text);
