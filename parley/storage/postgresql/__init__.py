"""What only PostgreSQL needs: connections that break, and other processes that write."""
