"""How each family of tables follows from the tables and inputs below it."""
