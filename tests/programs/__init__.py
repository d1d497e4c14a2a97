"""Programs of other people: generated from our description, or written by hand to it."""
