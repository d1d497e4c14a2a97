#!/bin/sh
# markdown-it-py 4.3.0: a paragraph loses the wide spaces at its edges.
#
# CommonMark 0.31.2 (section 4.8) takes spaces and tabs off the edges of a paragraph, and says of no other character
# that it goes. The library takes all of Unicode's spaces (markdown_it/common/utils.py, mdTrim): an ideographic space
# (U+3000), with which people who write Chinese or Japanese indent a paragraph, or a no-break space (U+00A0) is gone,
# and a paragraph of these alone is an empty one. Its twin in JavaScript, markdown-it 15.0.3, keeps them.
#
# Seen: 4 of 4 paragraphs came out shorter than they are. Parley takes the lines as they stand and strips them itself
# (parley/grammar/markdown_rules.py, _paragraph); tests/programs/test_markdown_twin.py reads texts with such spaces.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "markdown-it-py==4.3.0"
"$folder/venv/bin/python" - <<'PY'
from markdown_it import MarkdownIt

PARAGRAPHS = ["\u3000これは段落です。", "10\u00a0km\u00a0", "\u2003An indented line.", "\u00a0"]

changed = 0
for text in PARAGRAPHS:
    read = MarkdownIt("commonmark").parse(text)[1].content
    print(f"{text!r} became {read!r}")
    changed += read != text
print(f"{changed} of {len(PARAGRAPHS)} paragraphs came out shorter than they are.")
if changed != len(PARAGRAPHS):
    raise SystemExit("This has changed.")
print("As described.")
PY
