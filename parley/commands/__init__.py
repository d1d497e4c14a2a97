"""What whoever runs the server types, beside starting it: one module a noun."""
