"""Webhooks are called: each by one process at a time, in the order of changes, until it has taken them.

What a receiver does keeps nobody else waiting: each has a task of its own. One may be told twice, never not
at all: its place in the feed is noted after it has answered.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from time import monotonic

import httpx

from service.archive.index.engine.database import Database
from service.archive.index.events.feed import Change, FeedPage, changes_after
from service.archive.index.events.webhooks import Webhook, claim, due_webhooks, note_failure, note_told
from service.errors import BadRequest, ChangesForgotten, DicomwebError
from service.feed.allowed_hosts import AllowedHosts
from service.feed.cloud_event import content, headers

_LEASE = 60  # seconds in which a webhook is one process's to call
_NOTE_SECONDS = 10  # between two notes of how far it has been told
_ANSWER_SECONDS = 15
_CONNECT_SECONDS = 5
_MAX_READ = 4096  # bytes of an answer that are read to keep its connection
_PAGE = 50
_CLOSE_SECONDS = 3
_GONE = 410  # the receiver's last word

_log = logging.getLogger(__name__)


class Deliveries:
    """Calls webhooks in this process. For the event loop's thread alone.

    Args:
        index: that has changes and webhooks.
        hosts: that may be called.
        source: what this service is called in events.
    """

    def __init__(self, index: Database, hosts: AllowedHosts, source: str) -> None:
        self._index = index
        self._hosts = hosts
        self._source = source
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._is_closing = False

    async def look(self) -> None:
        """Call those webhooks that have something to be told, and that nobody calls.

        Raises:
            Unavailable: the index is away.
        """
        if not self._hosts or self._is_closing:
            return
        for key in await self._index.read(due_webhooks):
            if key not in self._tasks:
                task = self._tasks[key] = asyncio.create_task(self._deliver(key))
                task.add_done_callback(lambda _, key=key: self._tasks.pop(key))  # type: ignore[misc]

    async def close(self) -> None:
        """Let calls end that are under way, for a moment; the rest is for others, or for the next start."""
        self._is_closing = True
        if tasks := list(self._tasks.values()):
            _, late = await asyncio.wait(tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _deliver(self, key: int) -> None:
        try:
            claimed = await self._index.write(claim, key, _LEASE)
            if claimed is not None:
                async with _client() as client:
                    await _Round(self._index, self._hosts, self._source, client, *claimed).run(self._stops)
        except DicomwebError:
            pass  # the index has said so in the log, and others go on
        except Exception as error:
            _log.error("a webhook could not be called: %s", type(error).__name__)

    def _stops(self) -> bool:
        return self._is_closing


class _Round:
    """One webhook, told all that there is for it, or until it fails."""

    def __init__(
        self,
        index: Database,
        hosts: AllowedHosts,
        source: str,
        client: httpx.AsyncClient,
        webhook: Webhook,
        claimed: int,
    ) -> None:
        self._index = index
        self._hosts = hosts
        self._source = source
        self._client = client
        self._webhook = webhook
        self._claimed: int | None = claimed
        self._noted = monotonic()

    async def run(self, stops: Callable[[], bool]) -> None:
        """Tell the webhook what there is."""
        is_whole = False
        while not is_whole and self._claimed is not None:
            page = await self._page()
            for change in page.changes:
                if stops():
                    break
                if problem := await self._tell(change):
                    await self._fail(problem)
                    return
                await self._advance(change.sequence)
                if self._claimed is None:
                    return  # somebody else's by now, or removed
            if not stops():
                self._webhook = replace(self._webhook, position=page.reached)
            is_whole = stops() or len(page.changes) < _PAGE
        await self._advance(self._webhook.position, is_last=True)

    async def _page(self) -> FeedPage:
        """Return what comes next; without what is forgotten, which nobody can be told any more."""
        webhook = self._webhook
        try:
            return await self._index.read(
                changes_after, webhook.scope, webhook.position, _PAGE, with_quiet=True
            )
        except ChangesForgotten as error:
            _log.error("webhook %s lacks changes before %s: they are forgotten", webhook.name, error.oldest)
            self._webhook = replace(webhook, position=error.oldest - 1)
            return await self._page()

    async def _tell(self, change: Change) -> str | None:
        """Call the webhook; return what was wrong, None if it has taken the change."""
        body = content(change, self._source)
        try:
            self._hosts.check(self._webhook.url)
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._answer(body, headers(self._webhook, change, body))
        except BadRequest as error:
            return error.message
        except TimeoutError:
            return f"no answer within {_ANSWER_SECONDS} seconds"
        except (httpx.HTTPError, OSError, ValueError) as error:
            return f"no answer ({type(error).__name__})"

    async def _answer(self, body: bytes, fields: dict[str, str]) -> str | None:
        request = self._client.build_request("POST", self._webhook.url, content=body, headers=fields)
        response = await self._client.send(request, stream=True)
        try:
            if int(response.headers.get("content-length", _MAX_READ + 1)) <= _MAX_READ:
                await response.aread()
            return None if response.is_success else f"answered {response.status_code}"
        finally:
            await response.aclose()

    async def _advance(self, position: int, *, is_last: bool = False) -> None:
        """Note how far the webhook has come: not each time, and at the end."""
        self._webhook = replace(self._webhook, position=position, failures=0, failing_since=None)
        if self._claimed is not None and (is_last or monotonic() - self._noted > _NOTE_SECONDS):
            seconds = 0 if is_last else _LEASE
            self._claimed = await self._index.write(
                note_told, self._webhook.key, self._claimed, position, seconds
            )
            self._noted = monotonic()

    async def _fail(self, problem: str) -> None:
        assert self._claimed is not None
        is_final = problem == f"answered {_GONE}"
        if await self._index.write(note_failure, self._webhook, self._claimed, problem, is_final=is_final):
            _log.error("webhook %s is given up: %s", self._webhook.name, problem)


def _client() -> httpx.AsyncClient:
    """Return a client that goes where it is told, and nowhere else: through no proxy, after no redirect."""
    return httpx.AsyncClient(
        verify=_context(),
        timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": "dicomweb-service", "accept-encoding": "identity"},
    )


@lru_cache(1)
def _context() -> ssl.SSLContext:
    """Return whom is trusted: whom the system trusts, as SSL_CERT_FILE has it."""
    return ssl.create_default_context()
