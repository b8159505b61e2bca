"""HTTP to the EHR: one connection pool for the process, no cookies, no redirects, bounded in time and size."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import IO, Any

import requests
from requests.structures import CaseInsensitiveDict
from requests_oauthlib import OAuth2Session

from plugin.ehr.addresses import split_safely
from plugin.ehr.errors import AnswerTooLarge, EhrError, Unreachable
from plugin.ehr.public_addresses import JudgingAdapter
from plugin.store.engine import refuse_open_transaction

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 60.0
SMALL_ANSWER = 1024 * 1024
LARGE_ANSWER = 16 * 1024 * 1024
LARGE_FILE = 64 * 1024**3
_CHUNK = 64 * 1024
LARGE_CHUNK = 1024 * 1024

# These write tokens and whole addresses (with patient ids) at DEBUG.
TALKATIVE_LOGGERS = ("requests_oauthlib", "oauthlib", "urllib3")


# Told of every request: method, host, status (0 without an answer) and seconds.
Observer = Callable[[str, str, int, float], None]


class NotJsonError(EhrError):
    """The answer isn't JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer read to its end."""

    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON with exact decimals, whatever the content type says; raises NotJsonError."""
        try:
            return json.loads(self.content, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("Content-Type", "no content type").split(";")[0]
            raise NotJsonError(f"the answer is not JSON (status {self.status}, {kind})") from error


def _send_unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that adds nothing: keeps requests from looking into a .netrc file."""
    return request


class Transport:
    """Everything that leaves for an EHR goes through one of these; thread-safe.

    `private_hosts` may have addresses that are not public; `observe` is told of every request.
    """

    def __init__(
        self,
        pool_size: int = 32,
        read_seconds: float = READ_SECONDS,
        private_hosts: Iterable[str] = (),
        observe: Observer | None = None,
    ) -> None:
        self._adapter = JudgingAdapter(private_hosts, pool_connections=16, pool_maxsize=pool_size)
        self._read_seconds = read_seconds
        self._observe = observe
        for name in TALKATIVE_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

    def plain_session(self) -> requests.Session:
        """A session without a token, over the shared pool."""
        return self._prepare(requests.Session())

    def bearer_session(self, client_id: str, access_token: str) -> OAuth2Session:
        """A session that sends this access token, over the shared pool.

        It is built without `scope`: oauthlib raises when the granted scope differs from the one asked for.
        """
        # oauthlib refuses http altogether; `addresses` has refused it everywhere but on loopback.
        os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")
        session = OAuth2Session(client_id, token={"access_token": access_token, "token_type": "Bearer"})
        self._prepare(session)
        return session

    def _prepare(self, session: requests.Session) -> requests.Session:
        session.auth = _send_unchanged
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount("https://", self._adapter)
        session.mount("http://", self._adapter)
        return session

    def send(
        self,
        session: requests.Session,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: bytes | Mapping[str, str] | None = None,
        limit: int = SMALL_ANSWER,
        patience: float | None = None,
    ) -> Answer:
        """Send once and read the whole answer; follows nothing, repeats nothing.

        `patience`: so many seconds for the answer to begin, and as many for the rest of it, instead of the usual.

        Raises BadAddress, NotPublic, TransactionOpen, Unreachable (also when the answer takes too long) and
        AnswerTooLarge.
        """
        refuse_open_transaction()
        host = split_safely(url).hostname or ""
        began, status = time.monotonic(), 0
        try:
            response = session.request(
                method,
                url,
                headers=dict(headers),
                data=data,
                timeout=(min(CONNECT_SECONDS, patience or CONNECT_SECONDS), patience or self._read_seconds),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = _read_bounded(response, limit, patience or TOTAL_SECONDS)
                answer = Answer(response.status_code, response.headers, body)
            status = answer.status
            return answer
        except requests.exceptions.Timeout as error:
            raise Unreachable(f"{host} did not answer in time; try again in a moment") from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(f"{host} could not be reached; try again in a moment") from error
        finally:
            if self._observe:
                self._observe(method, host, status, time.monotonic() - began)

    def download(
        self, session: requests.Session, url: str, *, headers: Mapping[str, str], file: IO[bytes], limit: int
    ) -> int:
        """Write what stands there to `file`, unpacked, and give the status; of another status than 200 nothing.

        Raises BadAddress, TransactionOpen, Unreachable and AnswerTooLarge.
        """
        refuse_open_transaction()
        host = split_safely(url).hostname
        wait, size = (CONNECT_SECONDS, self._read_seconds), 0
        try:
            with session.get(url, headers=dict(headers), timeout=wait, allow_redirects=False, stream=True) as response:
                for part in response.iter_content(LARGE_CHUNK) if response.status_code == 200 else ():
                    size += len(part)
                    if size > limit:
                        raise AnswerTooLarge(f"a file of {host} is larger than {limit >> 30} GiB; it was not kept")
                    file.write(part)
                return response.status_code
        except requests.exceptions.RequestException as error:
            raise Unreachable(f"{host} could not be reached, or broke off; run again to go on") from error


def _read_bounded(response: requests.Response, limit: int, seconds: float) -> bytes:
    """Counts what comes out of decompression, so that a small compressed answer can't fill the memory."""
    deadline = time.monotonic() + seconds
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > limit:
            raise AnswerTooLarge(f"the EHR's answer is larger than {limit // 1024} KiB; it was not read")
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout
        parts.append(part)
    return b"".join(parts)
