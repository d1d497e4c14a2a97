"""What whoever asked is told where an answer failed: JSON for a program, a page for a person."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from quart import Quart, Response, render_template, request
from werkzeug.exceptions import HTTPException

from parley import contract, present, web
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    MethodNotAllowed,
    NotFound,
    ParleyError,
    TooLarge,
    WrongHost,
)
from parley.pages import problems
from parley.routes import methods_at

log = structlog.get_logger(__name__)


def answer_failures(app: Quart) -> None:
    """Have every failure answered in our words."""
    app.register_error_handler(ParleyError, _tell)
    app.register_error_handler(HTTPException, _tell_http)
    app.register_error_handler(Exception, _tell_fault)


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
    if web.is_for_program() or (web.is_for_hook() and web.wants_json()):
        response = web.json(present.error_reply(error), status)
    elif web.is_for_hook():
        response = web.plain(error.text, status)
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
