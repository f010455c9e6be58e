-- An index for each sort order of a list within a category, and for the best rated products.

create index products_by_rating on products (product_rating(rating_sum, rating_count) desc, id desc)
  where status = 'active';
create index products_by_category_and_price on products (category_id, base_price, id) where status = 'active';
create index products_by_category_and_name on products (category_id, name, id) where status = 'active';
create index products_by_category_and_rating
  on products (category_id, product_rating(rating_sum, rating_count) desc, id desc) where status = 'active';
