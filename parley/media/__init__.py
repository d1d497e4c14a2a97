"""What an uploaded file holds, told by its content, and made fit to be shown.

Pictures are opened in a process of their own (`worker`), and nowhere else: it has limits, and may
be killed. Sound and film are measured without being decoded.
"""

from parley.media.looked import Kind, Looked
from parley.media.workshop import Workshop

__all__ = ["Kind", "Looked", "Workshop"]
