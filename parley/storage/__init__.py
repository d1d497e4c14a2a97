"""What is kept, and the only code that knows SQL. Takes and gives records."""
