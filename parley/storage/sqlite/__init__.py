"""What only SQLite needs: its files, its log, its checkpoints."""
