"""How commands of whoever runs the server reach the one that runs: a socket in the data folder."""
