"""What templates may ask for: the server's settings, and what pages make of records."""

from __future__ import annotations

import functools

from quart import Quart

from parley import __version__, present
from parley.config import Config
from parley.pages import (
    announcements,
    attached,
    buttons,
    decisions,
    documentation,
    faces,
    forms,
    framing,
    oembed,
    own,
    parts,
    previews,
    reactions,
    rendering,
    text,
    titles,
    transcript,
)
from parley.pages.assets import SHOWN_ELSEWHERE, Assets


def set_up(app: Quart, assets: Assets, config: Config) -> None:
    """Give them to the app's templates."""
    app.jinja_env.globals.update(asset=assets.url, imports=assets.imports, version=__version__)
    app.jinja_env.globals.update(service_worker=config.service_worker, root=config.root)
    app.jinja_env.globals.update(is_framed=framing.is_framed)
    app.jinja_env.globals.update(embedding_origins=config.embedding_origins)
    app.jinja_env.globals.update(oembed=oembed.discovery)
    app.jinja_env.globals.update(has_imports=config.imports and config.max_file > 0)
    app.jinja_env.globals.update(has_documentation=documentation.is_there())
    app.jinja_env.globals.update(has_mail=bool(config.smtp_url))
    app.jinja_env.globals.update(who_may_start=config.who_may_start)
    picture = assets.url(SHOWN_ELSEWHERE)
    app.jinja_env.globals.update(preview_card=functools.partial(previews.card, picture))
    app.jinja_env.globals.update(announcement=announcements.shown)
    app.jinja_env.globals.update(form_seal=forms.seal_field, pause=rendering.pause)
    app.jinja_env.filters.update(rich=text.rich, rich_message=parts.rich_message)
    app.jinja_env.filters.update(initials=faces.initials, hue=faces.asked_for, hues=faces.hues)
    app.jinja_env.filters.update(grouped=transcript.grouped, as_days=decisions.as_days)
    app.jinja_env.filters.update(
        day=transcript.day,
        date=transcript.date,
        clock=transcript.clock,
        as_json=transcript.as_json,
        full_date=transcript.full_date,
        excerpt=present.excerpt,
        is_for=transcript.is_for,
    )
    app.jinja_env.filters.update(
        attached=attached.attached, raw_attachments=attached.raw_attachments
    )
    app.jinja_env.filters.update(buttons=buttons.shown, raw_buttons=buttons.raw)
    app.jinja_env.tests.update(wordless=attached.is_wordless)
    app.jinja_env.filters.update(chips=reactions.chips, raw_reactions=reactions.raw_text)
    app.jinja_env.filters.update(called=titles.called, few=own.few)
    app.jinja_env.tests.update(untitled=titles.is_untitled)
    app.jinja_env.tests.update(is_emoji_only=text.is_emoji_only, is_long=text.is_long)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
