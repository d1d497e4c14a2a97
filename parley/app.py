"""The one composition root: what talks to what, what starts and what stops."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from quart import Quart, Response, redirect, request

from parley import (
    __version__,
    causes,
    contract,
    incoming,
    logs,
    paths,
    present,
    refusals,
    requests,
    web,
)
from parley.addresses import Proxies
from parley.bus import Subscriber, hints
from parley.bus.choice import bus_of
from parley.bus.shared import SharedBus
from parley.calls.hooked import hooked
from parley.chores import Chores, push_seed
from parley.config import Config
from parley.control import answers
from parley.control.arrivals import arrivals
from parley.control.polls import POLLS, Polls
from parley.control.wire import Control, Handler, Talk, ask_all
from parley.credentials import MARK, METRICS, PROBES, Origins
from parley.domain import conversations, participants
from parley.domain.cluster import Cluster
from parley.domain.context import Context
from parley.domain.filing import Filing, Quotas
from parley.domain.importing import reading, storing
from parley.domain.importing.imports import Imports
from parley.domain.indexing import Indexing
from parley.domain.presence import Presence
from parley.domain.relays import relays_of
from parley.errors import (
    BadRequest,
    DatabaseUnusable,
    NotFound,
    OriginRefused,
    StartupError,
    Unavailable,
    WrongHost,
)
from parley.files.choice import store_of
from parley.files.inbox import Inbox
from parley.files.store import UPLOADS, Store
from parley.limits.limiter import Kind, Limits
from parley.live.delivering import Delivering
from parley.live.ordering import Ordering
from parley.live.pushing import Pushing
from parley.mail.choice import mail_of
from parley.media import Workshop
from parley.metrics.seeing import Seeing, seeing_of
from parley.oidc.choice import providers_of
from parley.pages import compression, forms, policy, templating
from parley.pages.accounts import account_pages
from parley.pages.admin import admin_link_pages, admin_pages
from parley.pages.assets import Assets
from parley.pages.claims import claim_pages
from parley.pages.client import client_pages
from parley.pages.contacts import contact_pages
from parley.pages.conversations import pages
from parley.pages.desks import desk_pages
from parley.pages.documentation import documentation_pages
from parley.pages.door import door_pages
from parley.pages.export import export_pages
from parley.pages.files import file_pages
from parley.pages.files_of import file_list_pages
from parley.pages.framing import framing_pages
from parley.pages.hooks import hook_pages
from parley.pages.imports import import_pages
from parley.pages.mail import mail_pages
from parley.pages.manage import manage_pages
from parley.pages.manifest import manifest_pages
from parley.pages.messages import message_pages
from parley.pages.notifying import notifying_pages
from parley.pages.oembed import oembed_pages
from parley.pages.providers import provider_pages
from parley.pages.reactions import reaction_pages
from parley.pages.reporting import reporting_pages
from parley.pages.searching import search_pages
from parley.pages.sharing import sharing_pages
from parley.pages.worker import worker_pages
from parley.push import vapid
from parley.realtime import Realtime, asking
from parley.records import Event, HostChanged, ServerProcess
from parley.routes import rest
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

INSTALLATION_BYTES = 8
"""What tells installations apart that share a Redis."""
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
    url_rule_class = paths.Rule
    realtime: Realtime
    database: Database
    files: Store
    limits: Limits
    chores: Chores
    pushing: Pushing
    delivering: Delivering
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
            self.limits.belong_to(site.secret.derive("limits", INSTALLATION_BYTES).hex())
            if isinstance(site.context.bus, SharedBus):
                site.context.bus.key = site.secret.derive("hints", hints.KEY_BYTES)
            site.push_key = vapid.public_key(vapid.private_key(push_seed(site.secret)))
            if await participants.forget_sockets(site.context):
                await storing.forget_left(site.context)
                await asyncio.to_thread(reading.remove_left, site.config.data)
            await site.context.host.load(site.context)
            await conversations.count(site.context)  # now, while nobody waits for it
            await self.chores.rekey_at_start()
        except StartupError:
            await self.database.close()
            raise
        except Unavailable as error:
            reason = self.database.problem or error.text
            await self.database.close()
            raise DatabaseUnusable(f"Data cannot be saved. {reason}") from error

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
        who_may_start=config.who_may_start,
        held_sessions=lambda: realtime.audience.held_sessions(),
        is_watched=lambda conversation_id: conversation_id in realtime.audience.rooms,
        is_owner_here=lambda conversation_id: realtime.audience.has_owner(conversation_id),
        filing=filing,
        mail=mail_of(config),
        providers=providers_of(config),
        cluster=cluster,
    )
    limits = Limits(config)
    realtime = Realtime(context, config, limits)
    pushing, indexing = Pushing(context), Indexing(context)
    delivering = Delivering(context)
    context.bus.subscribe(functools.partial(_hear_host, context, realtime))
    ordering = _tell_in_order(context, realtime)
    if ordering is None:
        context.bus.subscribe(realtime.audience.deliver)
        context.bus.subscribe(pushing.hear)
        context.bus.subscribe(delivering.hear)
        context.bus.subscribe(indexing.hear)
    else:
        # Where this process does not do the chores, what happens would only be heaped up.
        context.bus.subscribe(_if_chores(context, pushing.hear))
        context.bus.subscribe(_if_chores(context, delivering.hear))
        context.bus.subscribe(_if_chores(context, indexing.hear))

    def begin_anew() -> None:
        context.slices.begin(pushing.begin_anew())
        context.counts.forget()
        context.seen.forget()
        delivering.begin_anew()
        indexing.begin_anew()
        context.slices.begin(realtime.load_host())
        realtime.send_away()

    database.when_replaced = begin_anew

    app = Parley(__name__, static_folder=None)
    app.logger = logs.for_library("answer_failed")
    app.database, app.realtime, app.limits = database, realtime, limits
    app.files = filing.store
    app.pushing, app.delivering = pushing, delivering
    app.chores = Chores(
        context,
        config,
        realtime.audience,
        pushing,
        delivering,
        indexing,
        ordering,
        lambda: _secret(app),
    )
    app.assets = Assets(root=config.root)
    app.worker = worker
    app.extensions[web.EXTENSION] = web.Site(
        config=config,
        context=context,
        origins=Origins.of(config),
        limits=limits,
        connection_count=lambda: realtime.server.connection_count,
        relays=relays_of(config),
        root=config.root,
    )
    web_site(app).streams = realtime.streams
    web_site(app).imports = Imports(context, config.data, is_on=config.imports)
    app.config["MAX_CONTENT_LENGTH"] = contract.FORM_MAX_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = contract.FORM_MAX_BYTES
    app.config["MAX_FORM_PARTS"] = contract.FIELDS_MAX
    app.config["BODY_TIMEOUT"] = BODY_WITHIN_S
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = True
    if seeing is not None:
        app.metrics = _metrics(app, seeing, indexing)
    present.serve_under(config.root)
    present.allow_calls(are_on=config.calls)
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


def _hear_host(context: Context, realtime: Realtime, event: Event) -> None:
    """Whatever the host decides holds in each process, whichever it was told to."""
    if isinstance(event, HostChanged):
        context.slices.begin(realtime.load_host())


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


def _metrics(app: Parley, seeing: Seeing, indexing: Indexing) -> Metrics:
    # What they need is loaded where they are on.
    from parley.metrics.measuring import Measuring
    from parley.metrics.showing import Metrics

    site = web_site(app)
    measuring = Measuring(
        site.context,
        realtime=app.realtime,
        limits=app.limits,
        pushing=app.pushing,
        indexing=indexing,
        is_ready=lambda: site.is_ready,
        process=lambda: app.worker,
    )

    async def others() -> Sequence[bytes]:
        return await ask_all(site.config.data, "measure", but=app.worker)

    return Metrics(seeing, measuring, others)


def _look_at_processes(app: Parley, handlers: dict[str, Handler]) -> None:
    """Have each process of this machine tell the others of itself, for admins."""
    site = web_site(app)
    began_s = site.context.elapsed()

    def here() -> ServerProcess:
        return ServerProcess(
            app.worker,
            __version__,
            site.context.elapsed() - began_s,
            site.connection_count(),
            site.context.presence.count,
            {kind.value: app.limits.refused[kind] for kind in Kind},
        )

    async def tell(_asked: dict[str, Any]) -> ServerProcess:
        return here()

    async def tell_places(asked: dict[str, Any]) -> list[str]:
        return app.realtime.audience.places_of(int(asked["of"]), str(asked["user_id"]))

    async def processes() -> list[ServerProcess]:
        found = [here()]
        for each in await ask_all(site.config.data, "process", but=app.worker):
            # One of another version, as while they are restarted one by one, is left out.
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(msgspec.json.decode(each, type=ServerProcess))
        return sorted(found, key=lambda process: process.process)

    async def places_of(conversation_id: int, user_id: str) -> list[str]:
        found = set(app.realtime.audience.places_of(conversation_id, user_id))
        asked = {"of": conversation_id, "user_id": user_id}
        for each in await ask_all(site.config.data, "places", but=app.worker, **asked):
            found.update(msgspec.json.decode(each, type=list[str]))
        return sorted(found)

    handlers["process"], handlers["places"] = tell, tell_places
    site.processes, site.places_of = processes, places_of


def _control(app: Parley, config: Config, context: Context) -> Control:
    handlers, talks = answers.handlers(context), dict[str, Talk]()
    _look_at_processes(app, handlers)
    if app.metrics is not None:
        metrics = app.metrics
        handlers["measure"] = lambda _asked: metrics.measure()
    if config.database_url:
        gate: Gate = app.asgi_app  # type: ignore[assignment]
        polls = Polls(config.data, lambda: app.worker, gate.answer_passed_on)
        app.realtime.server.eio.mark, gate.pass_on = polls.mark, polls.pass_on
        talks[POLLS] = polls.take
    return Control(config.data, app.worker, handlers, talks)


def _secret(app: Quart) -> Secret:
    """The server's own. Raises `Unavailable` before the app has started."""
    secret = web_site(app).secret
    if secret is None:
        raise Unavailable("The server is starting.", retry_after=1.0)
    return secret


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
    app.register_blueprint(desk_pages)
    app.register_blueprint(manage_pages)
    app.register_blueprint(message_pages)
    app.register_blueprint(account_pages)
    if site.context.providers:
        app.register_blueprint(provider_pages)
    app.register_blueprint(contact_pages)
    app.register_blueprint(admin_pages)
    app.register_blueprint(admin_link_pages)
    app.register_blueprint(reporting_pages)
    app.register_blueprint(notifying_pages)
    app.register_blueprint(sharing_pages)
    app.register_blueprint(file_list_pages)
    app.register_blueprint(export_pages)
    app.register_blueprint(search_pages)
    app.register_blueprint(hook_pages)
    app.register_blueprint(import_pages)
    app.register_blueprint(claim_pages)
    app.register_blueprint(documentation_pages())
    app.register_blueprint(file_pages(allowed_origins=config.allowed_origins))
    app.register_blueprint(arrivals())
    app.register_blueprint(hooked())
    if has_mail:
        for blueprint in mail_pages():
            app.register_blueprint(blueprint)
    app.register_blueprint(app.assets.blueprint())
    app.register_blueprint(framing_pages(app.assets))
    app.register_blueprint(oembed_pages)
    app.register_blueprint(manifest_pages(app.assets))
    app.register_blueprint(worker_pages(app.assets, is_on=config.service_worker))
    app.register_blueprint(client_pages(app.assets, allowed_origins=config.allowed_origins))
    if config.root:
        # What is asked for under it comes without it; this is the start page without its slash.
        app.add_url_rule(config.root, "root", lambda: redirect(f"{config.root}/", 308))
    app.before_request(_refuse_other_hosts)
    app.before_request(requests.refuse_long_queries)
    app.before_request(_refuse_blocked)
    app.before_request(_count_what_leads_nowhere)
    app.after_request(policy.secure)
    app.after_request(forms.set_cookie)
    app.after_request(compression.compress)
    app.after_request(_note)
    if app.metrics is not None:
        app.after_request(app.metrics.count)
        app.register_blueprint(app.metrics.blueprint())
    refusals.answer_failures(app)
    templating.set_up(app, app.assets, config)
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
        meant=paths.meant,
        kept=HANDSHAKE_HEADERS,
        elsewhere=msgspec.json.encode(present.error_reply(WrongHost(web.wrong_host(config)))),
        refusal=msgspec.json.encode(present.error_reply(OriginRefused())),
        not_allowed=msgspec.json.encode(present.error_reply(BadRequest())),
        nowhere=msgspec.json.encode(present.error_reply(NotFound())),
        crowded=present.crowded(RETRY_AFTER_S),
    )


def _start_and_stop(app: Parley, context: Context) -> None:
    site = web_site(app)
    control = _control(app, site.config, context)

    @app.before_serving
    async def start() -> None:
        causes.begins_here()
        await app.open()
        await app.realtime.calling.load()
        measuring = () if app.metrics is None else (app.metrics.run(),)
        keeping = () if context.cluster is None else (app.realtime.keep_host(),)
        app.chores.begin(*measuring, *keeping, app.realtime.calling.run())
        await control.open()
        app.worker = control.process
        await app.chores.wait_for_hints()
        site.is_ready = True

    @app.after_serving
    async def stop() -> None:
        app.chores.end()
        await control.close()
        if app.metrics is not None:
            await app.metrics.close()
        await app.pushing.close()
        await app.delivering.close()
        if site.imports is not None:
            await site.imports.close()
        await context.providers.close()
        context.slices.stop()
        if context.filing is not None:
            await context.filing.workshop.close()
        await app.drain()
        context.presence.close()
        app.realtime.audience.following.close()
        await app.realtime.calling.close()
        app.realtime.asking.close()
        await app.chores.note_seen()
        if context.cluster is not None and isinstance(context.bus, SharedBus):
            await context.cluster.end(context)
            await context.bus.close()
        await app.close()


async def _refuse_other_hosts() -> None:
    web.refuse_other_hosts()


async def _refuse_blocked() -> None:
    web.refuse_blocked()


async def _count_what_leads_nowhere() -> None:
    # What leads somewhere is counted there, once a form's seal has told whom it speaks for.
    if request.url_rule is None:
        await web.count_read()


async def _note(response: Response) -> Response:
    # At debug alone: a path can hold a link, and a link is a key.
    path = logs.without_code(request.path.partition("#")[0].partition("%23")[0])
    log.debug("request", method=request.method, path=path, status=response.status_code)
    return response
