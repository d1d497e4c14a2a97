"""Looking at a whole installation, and saying what to mend."""
