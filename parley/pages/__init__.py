"""What pages do: decode a form, ask the domain, render the answer whole."""
