"""Moving everything from one database to another, of whichever kind."""
