"""Several workers on one port, as `parley serve --workers` starts them."""
