"""Web Push: how a notification gets to a browser that has no page of ours open.

RFC 8030 (the push service), RFC 8291 (what it can't read), RFC 8292 (who we are to it).
"""
