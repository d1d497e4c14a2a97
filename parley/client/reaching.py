"""Why a server can't be reached, as a sentence for people."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from urllib.parse import urlsplit

import websockets

from parley.client.errors import Unreachable

FAILURES = (OSError, UnicodeError, http.client.HTTPException, websockets.WebSocketException)
"""What is raised where there is no server, or no Parley server. `UnicodeError`: such a host name
can't be.
"""
NO_PARLEY = "What answers at {at} is no Parley server."
_AWAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
_PORTS = {"https": 443, "wss": 443}


def unreachable(error: Exception, url: str) -> Unreachable:
    """One of `FAILURES`, that came of asking the server of a URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    at = f"[{host}]" if ":" in host else host
    at += f":{parts.port or _PORTS.get(parts.scheme, 80)}"
    return Unreachable(_sentence(error, host, at))


def _sentence(error: Exception, host: str, at: str) -> str:  # one for each cause
    match error:
        case ssl.SSLCertVerificationError():
            return _of_certificate(error, at)
        case ssl.SSLError():
            return f"{at} doesn't answer in TLS. Does the link begin with http://, not https://?"
        case socket.gaierror() if error.errno == socket.EAI_AGAIN:
            return f"{host} can't be looked up now. Are you online, and is the name spelled right?"
        case socket.gaierror() | UnicodeError():
            return f"{host} isn't known: is the name spelled right?"
        case TimeoutError():
            return f"{at} didn't answer in time."
        case ConnectionResetError() | BrokenPipeError() | http.client.IncompleteRead():
            return f"The connection to {at} was lost."
        case websockets.ConnectionClosed():
            return f"The connection to {at} was lost."
        case OSError() if error.errno in _AWAY:
            return f"There is no way to {host} from here. Are you online?"
        case OSError() if error.errno in (errno.ECONNREFUSED, None):
            # None: each of several addresses refused, in asyncio.
            return f"Nothing answers at {at}. Is the server running?"
        case websockets.InvalidStatus() if error.response.status_code >= 500:
            status = error.response.status_code
            return f"{at} answers with status {status}. Is the server behind it running?"
        case websockets.InvalidStatus() if error.response.status_code != 404:
            return f"{at} refused the connection with status {error.response.status_code}."
        case websockets.ProxyError():
            return f"The way to {at} leads through a proxy, which failed: {error}"
        case websockets.InvalidHandshake() | http.client.HTTPException():
            return NO_PARLEY.format(at=at)
        case _:
            return f"{at} can't be reached: {getattr(error, 'strerror', None) or error}."


def _of_certificate(error: ssl.SSLCertVerificationError, at: str) -> str:
    match error.verify_code:  # OpenSSL's, of x509_vfy.h
        case 9:
            return f"The certificate of {at} isn't valid yet. Is this computer's clock right?"
        case 10:
            return f"The certificate of {at} has expired."
        case 62 | 64:
            return f"The certificate of {at} is for another name."
        case _:
            return (
                f"The certificate of {at} isn't trusted here ({error.verify_message}). If it is "
                "your own, name its file in SSL_CERT_FILE."
            )
