"""Finding messages by their words: how text is folded and cut into terms, what a search asks for,
and which messages of a stretch of a conversation hold which terms.

Nothing here knows the database, a conversation or a request.
"""
