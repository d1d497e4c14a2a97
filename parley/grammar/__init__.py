"""What a message's text comes to: its Markdown, the addresses in it, and what of it can be seen.

Nothing here knows the database, a conversation or a request.
"""
