-- Drops the functions with parameters of a table's row type. PostgreSQL 15.20, 17.12 and later refuse to alter a table
-- while such a function exists. The functions in functions/ replace them.
drop function if exists account_json(users);
drop function if exists address_json(user_addresses);
