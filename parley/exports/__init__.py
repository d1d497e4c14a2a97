"""A conversation as a file, in each of the formats there are, piece by piece."""
