"""The servers Parley is measured beside: the same events, kept in memory."""
