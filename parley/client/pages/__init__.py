"""Whether the pages a server sends are those of a Parley that one trusts.

    published = Published.read(Path("published.json").read_bytes())
    report = asyncio.run(check_page("https://chat.example.org/conversation/…#k=…", published))

What it can't tell is in docs/security.md. Nothing of the server is imported.
"""

from parley.client.pages.checking import CannotCheck as CannotCheck
from parley.client.pages.checking import Report as Report
from parley.client.pages.checking import check_page as check_page
from parley.client.pages.published import NotPublished as NotPublished
from parley.client.pages.published import Published as Published
