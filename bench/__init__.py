"""How fast Parley is, beside others: `python -m bench`, or `make bench`."""
