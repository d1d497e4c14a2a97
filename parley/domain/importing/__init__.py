"""Bringing a conversation along that took place elsewhere.

It is read once into a scratch file, by a process of its own: that says what it will become, and
costs the same memory however long it is. From there it is stored bit by bit, where nobody finds it
until its last bit is there.
"""
