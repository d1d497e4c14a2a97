"""What lies under Socket.IO: serving on Hypercorn, the guarded sockets, the fan-out.

Knows Hypercorn, Engine.IO and Socket.IO, and nothing of conversations. The one
place that touches other libraries' underscore names: their versions are pinned,
and each guard has a test that fails when it stops working.
"""
