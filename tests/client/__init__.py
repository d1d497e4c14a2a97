"""Programs that take part by `parley.client`."""
