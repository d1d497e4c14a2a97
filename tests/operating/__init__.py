"""What whoever runs a server has: metrics, logs, commands, the doctor."""
