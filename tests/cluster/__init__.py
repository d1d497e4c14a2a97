"""Several processes on one PostgreSQL, with Redis and without, and what becomes of them."""
