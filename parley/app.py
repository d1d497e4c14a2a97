"""The one composition root: what talks to what, what starts and what stops."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
import structlog
from quart import Quart, Response, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from parley import __version__, causes, contract, incoming, logs, paths, present, requests, web
from parley.addresses import Proxies
from parley.bus import Subscriber
from parley.bus.choice import bus_of
from parley.bus.shared import SharedBus
from parley.config import Config
from parley.control import answers
from parley.control.wire import Control, ask_all
from parley.credentials import MARK, METRICS, PROBES, Origins
from parley.domain import conversations, files, forgetting, participants
from parley.domain.clocks import ClockCheck
from parley.domain.cluster import Cluster
from parley.domain.context import Context
from parley.domain.filing import Filing, Quotas
from parley.domain.forgetting import Ages, Forgetting
from parley.domain.importing import reading, storing
from parley.domain.importing.imports import Imports
from parley.domain.indexing import Indexing
from parley.domain.mailing import Mailing, Shown
from parley.domain.presence import Presence
from parley.domain.rekeying import Rekeying
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    DatabaseUnusable,
    MethodNotAllowed,
    NotFound,
    OriginRefused,
    ParleyError,
    StartupError,
    TooLarge,
    Unavailable,
    WrongHost,
)
from parley.files.choice import store_of
from parley.files.inbox import Inbox
from parley.files.store import UPLOADS, Store
from parley.limits.limiter import Limits
from parley.live.ordering import Ordering
from parley.live.pushing import Pushing
from parley.mail.choice import mail_of
from parley.media import Workshop
from parley.metrics.seeing import Seeing, seeing_of
from parley.pages import (
    attached,
    compression,
    decisions,
    faces,
    forms,
    own,
    parts,
    policy,
    previews,
    problems,
    reactions,
    rendering,
    text,
    titles,
    transcript,
)
from parley.pages.assets import SHOWN_ELSEWHERE, Assets
from parley.pages.claims import claim_pages
from parley.pages.conversations import pages
from parley.pages.door import door_pages
from parley.pages.export import export_pages
from parley.pages.files import file_pages
from parley.pages.files_of import file_list_pages
from parley.pages.imports import import_pages
from parley.pages.mail import mail_pages
from parley.pages.manage import manage_pages
from parley.pages.manifest import manifest_pages
from parley.pages.messages import message_pages
from parley.pages.notifying import notifying_pages
from parley.pages.reactions import reaction_pages
from parley.pages.searching import search_pages
from parley.pages.sharing import sharing_pages
from parley.pages.worker import worker_pages
from parley.push import vapid
from parley.push.courier import Courier
from parley.push.post import Setup
from parley.realtime import Realtime, asking
from parley.records import Conversation, Event
from parley.routes import methods_at, rest
from parley.secret import Secret
from parley.storage import secret_file
from parley.storage.choice import database_of
from parley.storage.database import Database
from parley.wire.body import BODY_WITHIN_S
from parley.wire.gate import Gate
from parley.wire.places import RETRY_AFTER_S, Places
from parley.wire.turnstile import Turnstile

if TYPE_CHECKING:
    from parley.metrics.showing import Metrics

ERASE_EVERY_S = 600.0
"""How often messages are looked for whose time is over, people who are away, and what a failure
left of deleted conversations.
"""
NOTED_WITHIN_S = 1.0
"""Of what a stop may take: to note who called lately."""
SETTLE_EVERY_S = 1.0
NOTE_CALLS_EVERY_S = 60.0
"""How often who called is stored, where other processes have to know."""
ERASE_FILES_EVERY_S = 60.0
"""How often it is looked whether files are to be erased, beside at once."""
ERASE_SOONEST_S = 10.0
"""How often at most, where people are away after a short time."""

REKEY_AT_START_S = 1.0
"""So long a start may take to look at the names from before an update; the rest is done later, but
for those that are kept for who was removed."""
REKEY_EVERY_S = 600.0
"""How often it is asked whether that is done."""

HANDSHAKE_HEADERS = frozenset(
    {"host", "origin", "cookie", "sec-fetch-site", "sec-fetch-dest", MARK.lower()}
)
"""What is read of a WebSocket's handshake when its client connects."""

log = structlog.get_logger(__name__)


class Parley(Quart):
    """The whole of Parley as one ASGI app: pages, REST and Socket.IO."""

    request_class = requests.Request
    asgi_http_class = incoming.Connection
    url_map_class = paths.Paths
    realtime: Realtime
    database: Database
    files: Store
    limits: Limits
    rekeying: Rekeying
    pushing: Pushing
    indexing: Indexing
    ordering: Ordering | None
    """Where there may be other processes on the same database."""
    assets: Assets
    metrics: Metrics | None = None
    """Where they are on."""
    worker = "0"
    """Which of the processes of its machine it is."""

    async def open(self) -> None:
        """Open the database and the place for files. Runs by itself when the app starts; sooner, it
        tells why it cannot.

        Raises `StartupError`s.
        """
        await self.limits.open()
        site = web_site(self)
        await self.files.open()
        await self.database.open()
        try:
            site.secret = await asyncio.to_thread(
                secret_file.load, site.config.data, site.config.secret_file
            )
            await self.database.hold(site.secret.seal("database", "secret"))
            site.push_key = vapid.public_key(vapid.private_key(_push_seed(site.secret)))
            if await participants.forget_sockets(site.context):
                await storing.forget_left(site.context)
                await asyncio.to_thread(reading.remove_left, site.config.data)
            await conversations.count(site.context)  # now, while nobody waits for it
            await self._rekey()
        except StartupError:
            await self.database.close()
            raise
        except Unavailable as error:
            reason = self.database.problem or error.text
            await self.database.close()
            raise DatabaseUnusable(f"Data cannot be saved. {reason}") from error

    async def _rekey(self) -> None:
        self.rekeying = Rekeying(web_site(self).context)
        until = asyncio.get_running_loop().time() + REKEY_AT_START_S
        while await self.rekeying.step():
            is_late = asyncio.get_running_loop().time() > until
            if is_late and self.rekeying.keeps_names:
                break

    async def close(self) -> None:
        """Let go of what `open` opened."""
        await self.database.close()
        await self.limits.close()

    async def drain(self, *, has_successor: bool = False) -> None:
        """Take no new work, and say goodbye to every client. Where another worker has taken this
        one's place, whoever asks this one meanwhile is not told that there is none.
        """
        web_site(self).is_ready = has_successor
        await self.realtime.server.close_all()


def create_app(config: Config | None = None, *, worker: str = "0") -> Parley:
    """The app for a configuration; the defaults without one. Nothing is opened yet.

    `worker` tells the processes of one machine apart. Raises `StartupError`s.
    """
    config = config or Config()
    seeing = seeing_of(config)
    logs.log_unless_told(config.log_level)
    database, filing = database_of(config), _filing(config)
    cluster = Cluster() if config.database_url else None
    context = Context(
        database,
        bus_of(config, None if cluster is None else cluster.name),
        Presence(),
        config.leave_grace_s,
        tag=lambda purpose, said: _secret(app).tag(purpose, said),
        require_proof=config.require_proof,
        held_sessions=lambda: realtime.audience.held_sessions(),
        is_watched=lambda conversation_id: conversation_id in realtime.audience.rooms,
        is_owner_here=lambda conversation_id: realtime.audience.has_owner(conversation_id),
        filing=filing,
        mail=mail_of(config),
        cluster=cluster,
    )
    limits = Limits(config)
    realtime = Realtime(context, config, limits)
    pushing, indexing = Pushing(context), Indexing(context)
    ordering = _tell_in_order(context, realtime)
    if ordering is None:
        context.bus.subscribe(realtime.audience.deliver)
        context.bus.subscribe(pushing.hear)
        context.bus.subscribe(indexing.hear)
    else:
        # Where this process does not do the chores, what happens would only be heaped up.
        context.bus.subscribe(_if_chores(context, pushing.hear))
        context.bus.subscribe(_if_chores(context, indexing.hear))

    def begin_anew() -> None:
        context.slices.begin(pushing.begin_anew())
        context.counts.forget()
        context.seen.forget()
        indexing.begin_anew()
        realtime.send_away()

    database.when_replaced = begin_anew

    app = Parley(__name__, static_folder=None)
    app.logger = logs.for_library("answer_failed")
    app.database, app.realtime, app.limits = database, realtime, limits
    app.files = filing.store
    app.pushing, app.indexing, app.ordering = pushing, indexing, ordering
    app.assets = Assets(root=config.root)
    app.worker = worker
    app.extensions[web.EXTENSION] = web.Site(
        config=config,
        context=context,
        origins=Origins.of(config),
        limits=limits,
        connection_count=lambda: realtime.server.connection_count,
        root=config.root,
    )
    web_site(app).imports = Imports(context, config.data, is_on=config.imports)
    app.config["MAX_CONTENT_LENGTH"] = contract.FORM_MAX_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = contract.FORM_MAX_BYTES
    app.config["MAX_FORM_PARTS"] = contract.FIELDS_MAX
    app.config["BODY_TIMEOUT"] = BODY_WITHIN_S
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = True
    if seeing is not None:
        app.metrics = _metrics(app, seeing)
    present.serve_under(config.root)
    app.url_map.root = config.root  # type: ignore[attr-defined]  # it is our `Paths`
    _serve(app, config)
    _start_and_stop(app, context)
    return app


def _tell_in_order(context: Context, realtime: Realtime) -> Ordering | None:
    """What tells people what happens in any process, where there are several."""
    bus, cluster = context.bus, context.cluster
    if cluster is None or not isinstance(bus, SharedBus):
        return None
    ordering = Ordering(context, realtime.audience, realtime.server, bus)
    realtime.audience.ordering = ordering
    bus.subscribe_elsewhere(functools.partial(cluster.hear, context))
    bus.subscribe(ordering.hear)
    bus.wants = lambda id: cluster.has_chores.is_set() or ordering.wants(id)
    bus.missed, bus.look = ordering.missed, ordering.look
    return ordering


def _if_chores(context: Context, hear: Subscriber) -> Subscriber:
    cluster = context.cluster

    def hear_if_chores(event: Event) -> None:
        if cluster is not None and cluster.has_chores.is_set():
            hear(event)

    return hear_if_chores


def _filing(config: Config) -> Filing:
    # Nobody should upload for an hour what there can be no room for.
    room = min(config.files_per_person, config.files_per_conversation, config.files_in_all)
    quotas = Quotas(
        file=min(config.max_file, room),
        session=config.files_per_person,
        conversation=config.files_per_conversation,
        server=config.files_in_all,
    )
    store, inbox = store_of(config), Inbox(config.data / UPLOADS)
    return Filing(store, inbox, Workshop(), quotas)


def _metrics(app: Parley, seeing: Seeing) -> Metrics:
    # What they need is loaded where they are on.
    from parley.metrics.measuring import Measuring
    from parley.metrics.showing import Metrics

    site = web_site(app)
    measuring = Measuring(
        site.context,
        realtime=app.realtime,
        limits=app.limits,
        pushing=app.pushing,
        indexing=app.indexing,
        is_ready=lambda: site.is_ready,
        process=lambda: app.worker,
    )

    async def others() -> Sequence[bytes]:
        return await ask_all(site.config.data, "measure", but=app.worker)

    return Metrics(seeing, measuring, others)


def _control(app: Parley, config: Config, context: Context) -> Control:
    handlers = answers.handlers(context)
    if app.metrics is not None:
        metrics = app.metrics
        handlers["measure"] = lambda _asked: metrics.measure()
    return Control(config.data, app.worker, handlers)


def _secret(app: Quart) -> Secret:
    """The server's own. Raises `Unavailable` before the app has started."""
    secret = web_site(app).secret
    if secret is None:
        raise Unavailable("The server is starting.", retry_after=1.0)
    return secret


def _push_seed(secret: Secret) -> bytes:
    """Of the key that says who we are to push services."""
    return secret.derive("push", vapid.SEED_BYTES)


def _push_contact(config: Config) -> str:
    if config.push_contact or config.public_url.startswith("https:"):
        return config.push_contact or config.public_url
    name = socket.getfqdn()
    return f"mailto:parley@{name if '.' in name else 'parley.invalid'}"


def web_site(app: Quart) -> web.Site:
    site: web.Site = app.extensions[web.EXTENSION]
    return site


def _serve(app: Parley, config: Config) -> None:
    site = web_site(app)
    has_mail = site.context.mail is not None
    app.register_blueprint(rest(allowed_origins=config.allowed_origins, has_mail=has_mail))
    app.register_blueprint(pages)
    app.register_blueprint(reaction_pages)
    app.register_blueprint(door_pages)
    app.register_blueprint(manage_pages)
    app.register_blueprint(message_pages)
    app.register_blueprint(notifying_pages)
    app.register_blueprint(sharing_pages)
    app.register_blueprint(file_list_pages)
    app.register_blueprint(export_pages)
    app.register_blueprint(search_pages)
    app.register_blueprint(import_pages)
    app.register_blueprint(claim_pages)
    app.register_blueprint(file_pages(allowed_origins=config.allowed_origins))
    if has_mail:
        for blueprint in mail_pages():
            app.register_blueprint(blueprint)
    app.register_blueprint(app.assets.blueprint())
    app.register_blueprint(manifest_pages(app.assets))
    app.register_blueprint(worker_pages(app.assets, is_on=config.service_worker))
    if config.root:
        # What is asked for under it comes without it; this is the start page without its slash.
        app.add_url_rule(config.root, "root", lambda: redirect(f"{config.root}/", 308))
    app.before_request(_refuse_other_hosts)
    app.before_request(requests.refuse_long_queries)
    app.before_request(_count_what_leads_nowhere)
    app.after_request(policy.secure)
    app.after_request(forms.set_cookie)
    app.after_request(compression.compress)
    app.after_request(_note)
    if app.metrics is not None:
        app.after_request(app.metrics.count)
        app.register_blueprint(app.metrics.blueprint())
    app.register_error_handler(ParleyError, _tell)
    app.register_error_handler(HTTPException, _tell_http)
    app.register_error_handler(Exception, _tell_fault)
    app.jinja_env.globals.update(service_worker=config.service_worker, root=config.root)
    # Each request of a poll may reach another of several workers, which knows nothing of it.
    app.jinja_env.globals.update(websocket_only=config.workers > 1)
    app.jinja_env.globals.update(has_imports=config.imports and config.max_file > 0)
    _set_up_templates(app, app.assets, has_mail=has_mail)
    app.asgi_app = Gate(  # type: ignore[method-assign]  # how Quart takes middleware
        app.realtime.server,
        Turnstile(app.asgi_app),
        root=config.root,
        proxies=Proxies(
            config.trusted_proxies,
            asked_directly={*PROBES, METRICS},
            announce=config.proxy_protocol,
        ),
        places=Places(config.most_connections),
        is_here=lambda host, path: site.origins.is_here(host, path),
        may_connect=lambda handshake: site.origins.may_act(asking(handshake)),
        readable_by=lambda handshake: site.origins.cross(asking(handshake)),
        is_streamed=incoming.is_streamed,
        kept=HANDSHAKE_HEADERS,
        elsewhere=msgspec.json.encode(present.error_reply(WrongHost(web.wrong_host(config)))),
        refusal=msgspec.json.encode(present.error_reply(OriginRefused())),
        not_allowed=msgspec.json.encode(present.error_reply(BadRequest())),
        nowhere=msgspec.json.encode(present.error_reply(NotFound())),
        crowded=present.crowded(RETRY_AFTER_S),
    )


def _set_up_templates(app: Quart, assets: Assets, *, has_mail: bool) -> None:
    app.jinja_env.globals.update(asset=assets.url, imports=assets.imports, version=__version__)
    app.jinja_env.globals.update(has_mail=has_mail)
    picture = assets.url(SHOWN_ELSEWHERE)
    app.jinja_env.globals.update(preview_card=functools.partial(previews.card, picture))
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
    app.jinja_env.tests.update(wordless=attached.is_wordless)
    app.jinja_env.filters.update(chips=reactions.chips, raw_reactions=reactions.raw_text)
    app.jinja_env.filters.update(called=titles.called, few=own.few)
    app.jinja_env.tests.update(untitled=titles.is_untitled)
    app.jinja_env.tests.update(is_emoji_only=text.is_emoji_only, is_long=text.is_long)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _start_and_stop(app: Parley, context: Context) -> None:
    chores: list[asyncio.Task[None]] = []

    async def tell_positions() -> None:
        while True:
            await asyncio.sleep(contract.ROOM_POSITION_EVERY_S)
            app.realtime.audience.tell_positions()

    config, imports = web_site(app).config, web_site(app).imports
    control = _control(app, config, context)
    clock_check = ClockCheck(config.today)
    ages = Ages(config.keep_sessions_days, config.keep_empty_days, config.away_after_s)
    every_s = ERASE_EVERY_S
    if config.away_after_s:
        every_s = max(ERASE_SOONEST_S, min(ERASE_EVERY_S, config.away_after_s / 6))

    async def erase() -> None:
        forgets = Forgetting(context, ages, clock_check)
        while True:
            try:
                await forgets.round()
            except Unavailable:
                log.warning("erasing_put_off")
            except Exception:
                log.exception("erasing_failed")
            await asyncio.sleep(every_s)

    async def rekey() -> None:
        clock = asyncio.get_running_loop().time
        while True:
            try:
                began = clock()
                while await app.rekeying.step():
                    # It has a third of the time; the rest is for whoever waits.
                    await asyncio.sleep(2 * (clock() - began))
                    began = clock()
            except Exception:
                log.exception("rekeying_failed")
            else:
                app.rekeying = Rekeying(context)  # another database may come into the folder
            await asyncio.sleep(REKEY_EVERY_S)

    async def erase_files() -> None:
        room = files.filing(context)
        clock, strays_at_s = asyncio.get_running_loop().time, 0.0
        while True:
            try:
                await files.erase(context)
                if clock() >= strays_at_s:
                    await files.erase_strays(context)
                    strays_at_s = clock() + files.WAITS_S
            except Unavailable:
                log.warning("erasing_put_off")
            except Exception:
                log.exception("erasing_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ERASE_FILES_EVERY_S):
                    await room.erasing.wait()

    async def push() -> None:
        secret = _secret(app)
        setup = Setup(
            _push_seed(secret),
            _push_contact(config),
            tuple(str(network) for network in config.push_networks),
        )
        await app.pushing.run(Courier(setup), lambda what: secret.tag("push topic", what))

    async def send_mail() -> None:
        if context.mail is not None:
            await Mailing(context, _shown_in_mail(config)).run()

    async def note_seen() -> None:
        """Who called since the last round is not to be taken for gone after a start."""
        try:
            async with asyncio.timeout(NOTED_WITHIN_S):
                at = await clock_check.time(context)
                if at is not None:
                    await forgetting.note_seen(context, at)
        except (TimeoutError, Unavailable):
            log.warning("calls_not_noted")

    async def push_anew() -> None:
        """The same after another process did it."""
        context.slices.begin(app.pushing.begin_anew())
        try:
            await push()
        finally:
            await app.pushing.close()

    async def index_anew() -> None:
        app.indexing.begin_anew()
        await app.indexing.run()

    async def note_calls() -> None:
        """What is remembered of who called is of this process alone."""
        while True:
            await asyncio.sleep(NOTE_CALLS_EVERY_S)
            for session_id in context.held_sessions():
                context.seen.note(session_id)
            await note_seen()

    async def settle_owed() -> None:
        while True:
            await asyncio.sleep(SETTLE_EVERY_S)
            await participants.settle_owed(context)

    def begin(cluster: Cluster, ordering: Ordering, bus: SharedBus) -> None:
        once = (erase, erase_files, rekey, push_anew, send_mail, index_anew)
        works = (
            bus.run(),
            ordering.run(),
            cluster.run(context),
            tell_positions(),
            note_calls(),
            settle_owed(),
            *(cluster.only_here(each) for each in once),
        )
        chores.extend(asyncio.create_task(work) for work in works)

    @app.before_serving
    async def start() -> None:
        causes.begins_here()
        await app.open()
        cluster, ordering, bus = context.cluster, app.ordering, context.bus
        if cluster is not None and ordering is not None and isinstance(bus, SharedBus):
            begin(cluster, ordering, bus)
        else:
            chores.extend(
                asyncio.create_task(each())
                for each in (
                    tell_positions,
                    erase,
                    erase_files,
                    rekey,
                    push,
                    send_mail,
                    app.indexing.run,
                )
            )
        if app.metrics is not None:
            chores.append(asyncio.create_task(app.metrics.run()))
        await control.open()
        app.worker = control.process
        web_site(app).is_ready = True

    @app.after_serving
    async def stop() -> None:
        for chore in chores:
            chore.cancel()
        await control.close()
        if app.metrics is not None:
            await app.metrics.close()
        await app.pushing.close()
        if imports is not None:
            await imports.close()
        context.slices.stop()
        if context.filing is not None:
            await context.filing.workshop.close()
        await app.drain()
        context.presence.close()
        app.realtime.audience.following.close()
        await note_seen()
        if context.cluster is not None and isinstance(context.bus, SharedBus):
            await context.cluster.end(context)
            await context.bus.close()
        await app.close()


def _shown_in_mail(config: Config) -> Shown:
    def link(conversation: Conversation) -> str:
        return present.join_link(conversation.room_id, public_url=config.public_url)

    return Shown(titles.called, present.excerpt, link)


async def _refuse_other_hosts() -> None:
    web.refuse_other_hosts()


async def _count_what_leads_nowhere() -> None:
    # What leads somewhere is counted there, once a form's seal has told whom it speaks for.
    if request.url_rule is None:
        await web.count_read()


async def _note(response: Response) -> Response:
    # At debug alone: a path can hold a link, and a link is a key.
    log.debug("request", method=request.method, path=request.path, status=response.status_code)
    return response


async def _tell(error: ParleyError) -> Response:
    is_link = "code" in (request.view_args or {})
    if isinstance(error, ConversationNotFound) or (is_link and isinstance(error, NotFound)):
        await web.count_guess()
    status = contract.CODES[contract.Code(error.code)].status
    return await _answer(error, status)


async def _tell_http(error: HTTPException) -> Response:
    """Quart's own refusals, in our shape."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    match status:
        case HTTPStatus.NOT_FOUND:
            return await _answer(NotFound("There's no page at this address."), status)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return await _answer(TooLarge("That's too large for this server."), status)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return await _tell_methods(error)
        case _ if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return await _answer(BadRequest(), status)
        case _:
            return await _answer(ParleyError(), status)


async def _tell_methods(error: HTTPException) -> Response:
    """Which methods an address takes, where it takes any."""
    methods = methods_at(request.path)
    if web.is_for_program() and not methods:
        return await _answer(NotFound("Unknown endpoint."), HTTPStatus.NOT_FOUND)
    methods = methods or set(getattr(error, "valid_methods", None) or ())
    response = await _answer(MethodNotAllowed(), HTTPStatus.METHOD_NOT_ALLOWED)
    response.headers["Allow"] = ", ".join(sorted(methods))
    return response


async def _tell_fault(error: Exception) -> Response:
    log.error("request_failed", method=request.method, exc_info=error)
    return await _answer(ParleyError(), HTTPStatus.INTERNAL_SERVER_ERROR)


async def _answer(error: ParleyError, status: int) -> Response:
    """The error as JSON for a program, as a page for a person."""
    if web.is_for_program():
        response = web.json(present.error_reply(error), status)
    else:
        problem = problems.of(error)
        # By a name that is refused our styles and scripts are refused too, and so is every link.
        is_bare = isinstance(error, WrongHost)
        page = await render_template(
            "pages/wrong_host.html" if is_bare else "pages/problem.html",
            status=status,
            problem=problem,
        )
        response = Response(page, status=status, content_type="text/html; charset=utf-8")
    response.headers.update(web.error_headers(error))
    return response
