"""The documentation as one site: its theme, and what Markdown for GitHub needs to be read here.

`python -m tools.documentation` builds it into `parley/documentation`, which `parley serve` shows
at `/docs`; whatever installs Parley does, too (`wheel.py`). Imports nothing of Parley, as nothing
is installed then.
"""
