"""What other chat systems export, read as people, messages and files.

One module a format. Nothing here knows the database or a request: a reader takes a file and says
what is in it, bit by bit, and what it couldn't read and where.
"""
