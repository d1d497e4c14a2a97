"""What happens in a conversation, over plain HTTP."""
