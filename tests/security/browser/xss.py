"""What attackers write where others read it, and a watch over the page that shows it.

Each vector calls `harm()`, or opens a dialog, should any of it ever run.
"""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Dialog

from tests.browser.visitor import Visitor

VECTORS: tuple[str, ...] = (
    # elements
    "<script>harm()</script>",
    "</script><script>harm()</script>",
    "<ScRiPt>harm()</sCrIpT>",
    "<script/x>harm()</script/x>",
    "<script src=data:text/javascript,harm()></script>",
    "<script type=module>harm()</script>",
    "<img src=x onerror=harm()>",
    "<img src=x onerror='harm()'//",
    "<img/src=x/onerror=harm()>",
    "<img src=x:x onerror\t=\tharm()>",
    "<video><source onerror=harm()>",
    "<audio src=x onerror=harm()>",
    "<body onload=harm()>",
    "<input autofocus onfocus=harm()>",
    "<details open ontoggle=harm()>x</details>",
    "<marquee onstart=harm()>x</marquee>",
    "<iframe src=javascript:parent.harm()>",
    "<iframe srcdoc='<script>parent.harm()</script>'></iframe>",
    "<object data=javascript:harm()>",
    "<embed src=javascript:harm()>",
    "<form action=javascript:harm()><button autofocus>x</button></form>",
    "<button formaction=javascript:harm() form=join>x</button>",
    "<base href=//mallory.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:harm()'>",
    "<link rel=stylesheet href=data:text/css,*{background:url(//mallory.example)}>",
    "<style>@import '//mallory.example/x.css';*{animation:x}</style>",
    "<template><script>harm()</script></template>",
    "<custom-x onfocus=harm() tabindex=1 autofocus>",
    # out of what surrounds it
    '"><script>harm()</script>',
    "'><script>harm()</script>",
    '" onmouseover="harm()" x="',
    "' onmouseover='harm()' x='",
    '" autofocus onfocus=harm() x="',
    "` onmouseover=harm() x=`",
    "</textarea><script>harm()</script>",
    "</title><script>harm()</script>",
    "</template><img src=x onerror=harm()>",
    "</style><img src=x onerror=harm()>",
    "</noscript><img src=x onerror=harm()>",
    "--><script>harm()</script><!--",
    "]]><script>harm()</script>",
    "<![CDATA[<script>harm()</script>]]>",
    "<!--><img src=x onerror=harm()>-->",
    "<noscript><p title='</noscript><img src=x onerror=harm()>'>",
    # SVG and MathML
    "<svg onload=harm()>",
    "<svg><script>harm()</script></svg>",
    "<svg><animate onbegin=harm() attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:harm()><text y=20>x</text></a></svg>",
    "<svg><use href=data:image/svg+xml,<svg/onload=harm()>></svg>",
    "<svg><foreignObject><iframe onload=harm()></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=harm()>",
    "<math href=javascript:harm()>x</math>",
    # addresses
    "javascript:harm()",
    "JaVaScRiPt:harm()",
    "java\tscript:harm()",
    "javascript&colon;harm()",
    "data:text/html,<script>parent.harm()</script>",
    "vbscript:harm()",
    'https://example.org/"onmouseover="harm()',
    "https://example.org/'onmouseover='harm()",
    "https://example.org/><script>harm()</script>",
    "https://example.org/?javascript:harm()",
    "https://user:pass@javascript:harm()@example.org/",
    "http://javascript:harm()//",
    "https://[::1]:x/onerror=harm()",
    # code and links as in markdown
    "[x](javascript:harm())",
    '![x](x "onerror=harm()")',
    "`</code><img src=x onerror=harm()>`",
    "```\n</code></pre><script>harm()</script>\n```",
    "```html\n<script>harm()</script>\n```",
    "`<svg onload=harm()>` https://example.org/`onload=harm()`",
    '<https://example.org/"onload=harm()>',
    # templates and encodings
    "{{ 7 * 7 }}{{ config }}{{ ''.__class__.__mro__ }}",
    "{% raw %}{{ harm() }}{% endraw %}${harm()}#{harm()}<%= harm() %>",
    "{{constructor.constructor('harm()')()}}",
    "&lt;script&gt;harm()&lt;/script&gt;",
    "&#60;script&#62;harm()&#60;/script&#62;",
    "%3Cscript%3Eharm()%3C/script%3E",
    "\\u003cscript\\u003eharm()\\u003c/script\\u003e",
    "+ADw-script+AD4-harm()+ADw-/script+AD4-",
    "\uff1cscript\uff1eharm()\uff1c/script\uff1e",
    "<\u017fcript>harm()</\u017fcript>",
    "<scr\u200dipt>harm()</scr\u200dipt>",
    "\u202e>tpircs/<)(mrah>tpircs<\u202c",
    "\u2066<img src=x onerror=harm()>\u2069",
    "\ufeff<script>harm()</script>",
    "<img src=x onerror\u2028=harm()>",
    "a\u0301\u0301\u0301<script>harm()</script>",
    # objects of the page's own
    "__proto__",
    "constructor",
    "<form id=conversation><input id=items name=children></form>",
    "<a id=composer><a id=composer name=hidden href=x>",
    # very long
    "<b>" * 1_500 + "<script>harm()</script>",
    "<img src=x onerror=harm()>" + " " * 1_000 + "x" * 5_000,
    "https://example.org/" + "'\"><script>harm()</script>" * 100,
    "[" * 3_000 + "<script>harm()</script>" + "]" * 3_000,
)

_HOOK = """
window.__ran = [];
window.harm = () => window.__ran.push("harm");
for (const name of ["alert", "confirm", "prompt", "print", "open"])
  window[name] = () => window.__ran.push(name);
addEventListener("securitypolicyviolation", violation =>
  window.__ran.push(`${violation.violatedDirective}: ${violation.blockedURI} ${violation.sample}`));
"""
# Done to all that is there: what a person may do. Then, a trip round the page's own queue
# later, for what runs a moment after: what ran, and what stands there that should not.
_LOOK = """async () => {
  const happenings = ["mouseover", "mouseenter", "pointerdown", "focus", "toggle", "load", "error"];
  for (const element of document.querySelectorAll("main *, aside *"))
    for (const name of happenings) element.dispatchEvent(new Event(name, {bubbles: true}));
  await new Promise(done => setTimeout(done));
  const known = new Set([
    "A", "A.named-link", "BLOCKQUOTE", "BUTTON.code-copy.needs-js", "CODE", "DIV.code-block",
    "DIV.code-head", "EM", "LI", "OL", "P", "PRE", "S", "SPAN.code-language", "SPAN.mention",
    "STRONG", "UL"]);
  const inMessages = [...document.querySelectorAll(".message-text *")]
    .filter(element => !known.has([element.tagName, ...element.classList].join(".")));
  const withHandlers = [...document.querySelectorAll("*")].filter(element =>
    [...element.attributes].some(({name}) => name.startsWith("on")));
  const links = [...document.links].filter(link => !/^(https?)?:$/.test(link.protocol));
  const strange = [...inMessages, ...withHandlers, ...links];
  return [window.__ran, strange.map(element => element.outerHTML.slice(0, 300))];
}"""


class Watch:
    """Over one person's pages: what ran, what opened, what the policy had to stop."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._dialogs: list[str] = []
        context: BrowserContext = visitor.context
        context.add_init_script(_HOOK)
        context.on("dialog", self._dismiss)

    def finds_nothing(self) -> None:
        """Touch all there is to touch: nothing may run, open, load or stand there."""
        ran, strange = self._visitor.page.evaluate(_LOOK)
        assert not ran, ran
        assert not strange, strange
        assert not self._dialogs, self._dialogs
        assert not self._visitor.trouble.met, self._visitor.trouble.met

    def _dismiss(self, dialog: Dialog) -> None:
        self._dialogs.append(dialog.message)
        dialog.dismiss()


def cut(text: str, chars: int) -> str:
    """What fits in a field; never only what such a field leaves out."""
    return text[:chars].strip()
