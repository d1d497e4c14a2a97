"""How much anybody may do: the limits, their rates, and where uses are counted."""
