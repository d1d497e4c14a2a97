"""A conversation as a screen of the terminal: `parley chat`. Needs the extra `chat`."""
