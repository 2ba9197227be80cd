"""The page's server: Starlette routes over the desk. Photos go by number, never by path."""

from __future__ import annotations

import asyncio
import mimetypes
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clearshot.config import usable_cores
from clearshot.errors import (
    ChangedPhotoError,
    ClearshotError,
    MissingPhotoError,
    PhotoError,
    UsageError,
    explain_refusal,
)
from clearshot.scoring.scorer import Scorer
from clearshot.web import pictures
from clearshot.web.ahead import ReadAhead
from clearshot.web.jobs import Job, JobKind, JobRunner, Report
from clearshot.web.messages import (
    MAX_NUMBER,
    parse_decision,
    parse_object,
    parse_target,
    parse_thresholds,
    parse_word,
)
from clearshot.web.names import spell
from clearshot.web.plans import Offer, Shelf
from clearshot.web.states import check_state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from clearshot.photo import Photo
    from clearshot.scan import ScanProgress
    from clearshot.web.desk import Desk
    from clearshot.web.thumbnails import Thumbnails

_Result = TypeVar("_Result")

STATIC: Final = Path(__file__).parent / "static"

# Windows takes these types from its registry, where programs write what they like; a script that is
# called plain text is refused by the browser.
for _type, _suffix in (("text/javascript", ".js"), ("text/css", ".css"), ("image/svg+xml", ".svg")):
    mimetypes.add_type(_type, _suffix)

# The address of a picture holds the run and the state of its file, so it never changes.
_KEPT: Final = {"Cache-Control": "private, max-age=604800, immutable"}

# A whole photo of 45 megapixels takes 135 MB while it is decoded: few at a time.
_MAX_LARGE: Final = 2

# What only looks at files, as a plan does: so many looks that hang keep no other waiting. A thread
# begins when all others are busy; who waits for a plan in vain asks for it again and again.
_MAX_LOOKS: Final = 32


class _Queue:
    """Threads that draw, and whose turn it is: who waits is not yet in a thread."""

    def __init__(self, num_threads: int) -> None:
        self.threads = ThreadPoolExecutor(num_threads, thread_name_prefix="draw")
        self.turn = asyncio.Semaphore(num_threads)


class Page:
    """Answers what the page asks.

    Parameters
    ----------
    desk : Desk
        The photos under review.
    thumbnails : Thumbnails
        Its small pictures.
    jobs : JobRunner
        Runs what takes a while.
    """

    def __init__(self, desk: Desk, thumbnails: Thumbnails, jobs: JobRunner) -> None:
        self.desk = desk
        self.thumbnails = thumbnails
        self.jobs = jobs
        self.shelf = Shelf(desk.desktop.library, desk.desktop.catalog_path)
        self._max_pixels = desk.desktop.max_pixels
        self._scorer = Scorer(max_pixels=self._max_pixels)
        self._offer: Offer | None = None
        self._num_plans = 0
        self._small = _Queue(usable_cores())
        self._large = _Queue(_MAX_LARGE)
        self._looks = ThreadPoolExecutor(_MAX_LOOKS, thread_name_prefix="look")

    def build(self) -> Starlette:
        """Build the app; it has no checks of its own, see `clearshot.web.security`."""
        photo = "/photo/{number:int}"
        routes = [
            Route("/", self.show),
            Route("/api/library", self.send_library),
            Route("/api/state", self.send_state),
            Route("/api/job/{number:int}", self.send_job),
            Route(f"{photo}/thumbnail", self.send_thumbnail),
            Route(f"{photo}/large", self.send_large),
            Route(f"{photo}/original", self.send_original),
            Route(f"{photo}/focus", self.send_focus),
            Route(f"{photo}/histogram", self.send_histogram),
            Route("/api/photo/{number:int}", self.describe_photo, methods=["POST"]),
            Route("/api/decide", self.decide, methods=["POST"]),
            Route("/api/undo", self.undo, methods=["POST"]),
            Route("/api/redo", self.redo, methods=["POST"]),
            Route("/api/plan", self.plan, methods=["POST"]),
            Route("/api/apply", self.apply, methods=["POST"]),
            Route("/api/scan", self.scan, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        handlers: Any = {ClearshotError: _explain, OSError: _explain}
        app = Starlette(routes=routes, exception_handlers=handlers, lifespan=self._live)
        app.state.page = self
        return app

    @asynccontextmanager
    async def _live(self, _app: Starlette) -> AsyncIterator[None]:
        ahead = ReadAhead(self.desk, self.thumbnails)
        ahead.start()
        try:
            yield
        finally:
            # A photo on a disk that has gone to sleep keeps nobody waiting.
            for threads in (self._small.threads, self._large.threads, self._looks):
                threads.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(ahead.end)
            await asyncio.to_thread(self.desk.close)

    async def show(self, _request: Request) -> Response:
        """Send the page."""
        return FileResponse(STATIC / "index.html", media_type="text/html")

    async def send_library(self, request: Request) -> Response:
        """Send all photos with their scores and decisions, or for `?first` what is known first."""
        if "first" in request.query_params and self.desk.first is not None:
            return Response(self.desk.first, media_type="application/json")
        with self.desk.serving_page():
            await self.desk.call(self.desk.refresh)
            content = await self.desk.call(self.desk.write_document)
        return Response(content, media_type="application/json")

    async def send_state(self, _request: Request) -> Response:
        """Tell whether there is anything new, and how far the job is."""
        await self.desk.call(self.desk.refresh)
        desk = self.desk
        job = _describe_job(self.jobs.job)
        return JSONResponse({"revision": desk.revision, "decided": desk.num_changes, "job": job})

    async def send_job(self, request: Request) -> Response:
        """Tell how far a job is, or what came of it."""
        return JSONResponse(_describe_job(self.jobs.find(request.path_params["number"])))

    async def send_thumbnail(self, request: Request) -> Response:
        """Send a photo small."""
        content = await self._draw(request, self._small, self.thumbnails.read)
        return Response(content, media_type="image/jpeg", headers=_KEPT)

    async def send_large(self, request: Request) -> Response:
        """Send a photo as large as a screen."""
        content = await self._read(request, pictures.draw_large)
        return Response(content, media_type="image/jpeg", headers=_KEPT)

    async def send_original(self, request: Request) -> Response:
        """Send a photo pixel by pixel."""
        content, media_type = await self._read(request, pictures.read_original)
        return Response(content, media_type=media_type, headers=_KEPT)

    async def send_focus(self, request: Request) -> Response:
        """Send the focus map of a photo."""
        content = await self._draw(
            request, self._large, lambda photo: pictures.draw_focus(photo.path, self._scorer)
        )
        return Response(content, media_type="image/png", headers=_KEPT)

    async def send_histogram(self, request: Request) -> Response:
        """Send the histogram of a photo."""
        number = _read_number(request)
        entry = await self.desk.call(lambda: self.desk.read_entry(number))
        measure = partial(pictures.measure_histogram, scores=entry.scores)
        document = await self._read(request, measure)
        return JSONResponse(document, headers=_KEPT)

    async def describe_photo(self, request: Request) -> Response:
        """Say in words what is known about a photo, with the thresholds that are sent."""
        message = parse_object(await request.body())
        thresholds = parse_thresholds(message, self.desk.thresholds)
        number = _read_number(request)
        await self._look(lambda: self.desk.find(number))
        return JSONResponse(
            await self.desk.call(lambda: self.desk.describe_photo(number, thresholds))
        )

    async def decide(self, request: Request) -> Response:
        """Write a decision; when this answers, it is on the disk."""
        message = parse_decision(parse_object(await request.body()))
        decider: Any = self.desk.decider
        verbs = {"choice": decider.choose, "stars": decider.rate, "color": decider.mark}
        verb = verbs[message.field]
        return JSONResponse(
            await self.desk.call(lambda: self.desk.note(verb(message.numbers, message.value)))
        )

    async def undo(self, request: Request) -> Response:
        """Take the last decision back."""
        parse_object(await request.body())
        return JSONResponse(await self.desk.call(lambda: self.desk.note(self.desk.decider.undo())))

    async def redo(self, request: Request) -> Response:
        """Make the decision again that was taken back."""
        parse_object(await request.body())
        return JSONResponse(await self.desk.call(lambda: self.desk.note(self.desk.decider.redo())))

    async def plan(self, request: Request) -> Response:
        """Make a plan and show it; nothing is touched.

        Raises
        ------
        UsageError
            If the request is wrong.
        """
        message = parse_object(await request.body())
        kind = parse_word(message, "kind")
        self._num_plans += 1
        number = self._num_plans
        if kind == JobKind.SORT:
            thresholds = parse_thresholds(message.get("thresholds"), self.desk.thresholds)
            target = self._read_target(message.get("target"))
            # After the decisions that came before: one may wait for the catalog.
            await self.desk.call(lambda: None)
            offer = await self._look(lambda: self.shelf.offer_sort(thresholds, target))
        elif kind == JobKind.UNDO:
            offer = await self._look(self.shelf.offer_undo)
        else:
            raise UsageError("kind must be sort or undo")
        # One that was asked for before another, and took longer, is not shown any more.
        if number == self._num_plans:
            self._offer = offer
        return JSONResponse(await self._look(lambda: self.shelf.describe(offer)))

    def _read_target(self, value: object) -> Path:
        """Read where photos shall go; the page spells a name that is no text with escapes."""
        offered = self.desk.desktop.target
        return offered if value == spell(offered) else parse_target(value)

    async def apply(self, request: Request) -> Response:
        """Carry out the plan that was shown last, exactly.

        Raises
        ------
        UsageError
            If the request names another one, or something else is going on.
        """
        key = parse_word(parse_object(await request.body()), "key")
        offer = self._offer
        if offer is None or offer.key != key:
            raise UsageError("this plan is not the last one that was shown")

        job = self._start(offer.kind, lambda report: self.shelf.carry_out(offer, report))
        self._offer = None
        return JSONResponse(_describe_job(job))

    async def scan(self, request: Request) -> Response:
        """Score new and changed photos."""
        parse_object(await request.body())
        return JSONResponse(_describe_job(self.start_scan()))

    def start_scan(self) -> Job:
        """Score new and changed photos in the background.

        Raises UsageError if something else is going on.

        Returns
        -------
        Job
            As it starts.
        """
        return self._start(JobKind.SCAN, self._scan)

    def _start(self, kind: JobKind, work: Callable[[Report], dict[str, Any]]) -> Job:
        """Start a job; the page that asks at its end sees what it wrote."""

        def work_and_tell(report: Report) -> dict[str, Any]:
            try:
                return work(report)
            finally:
                self.desk.expect_news()

        return self.jobs.start(kind, work_and_tell)

    def _scan(self, report: Report) -> dict[str, Any]:
        from clearshot.catalog.catalog import Catalog
        from clearshot.listing import build_gauge
        from clearshot.notary import catch_up
        from clearshot.scan import scan

        def follow(progress: ScanProgress) -> None:
            report(progress.num_done, progress.num_total)

        desktop = self.desk.desktop
        scorer = Scorer(sharp_at=desktop.thresholds.sharp_at, max_pixels=desktop.max_pixels)
        with Catalog.open(desktop.library, path=desktop.catalog_path) as catalog:
            catch_up(catalog)
            summary = scan(
                desktop.library,
                catalog,
                scorer,
                settings=desktop.settings,
                progress=follow,
                gauge=build_gauge(),
            )
        return {
            "new": summary.num_new,
            "changed": summary.num_changed + summary.num_renewed,
            "unchanged": summary.num_unchanged,
            "failed": summary.num_failed,
            "missing": summary.num_missing,
        }

    async def _look(self, look: Callable[[], _Result]) -> _Result:
        """Look at files, in neither the loop nor the catalog's thread: it may take for ever."""
        return await asyncio.get_running_loop().run_in_executor(self._looks, look)

    async def _read(self, request: Request, read: Callable[..., _Result]) -> _Result:
        """Read a photo large, in whatever form."""
        return await self._draw(
            request, self._large, lambda photo: read(photo.path, max_pixels=self._max_pixels)
        )

    async def _draw(
        self, request: Request, queue: _Queue, draw: Callable[[Photo], _Result]
    ) -> _Result:
        """Draw when it is this request's turn, unless the browser has given it up by then.

        Raises PhotoError as `Desk.find`, also where that is so only by the time it is drawn.

        Raises
        ------
        MissingPhotoError
            If nobody waits for the picture any more.
        """
        number = _read_number(request)

        def draw_checked() -> _Result:
            photo = self.desk.find(number)
            drawn = draw(photo)
            check_state(photo)
            return drawn

        # Without this the request itself would be taken for news of the connection.
        await request.body()
        with self.desk.serving_page():
            async with queue.turn:
                if await request.is_disconnected():
                    raise MissingPhotoError("nobody waits for this picture any more")
                return await asyncio.get_running_loop().run_in_executor(queue.threads, draw_checked)


def _read_number(request: Request) -> int:
    number = request.path_params["number"]
    if not isinstance(number, int) or number > MAX_NUMBER:
        raise MissingPhotoError("the library has no such photo")
    return number


def _describe_job(job: Job | None) -> dict[str, Any] | None:
    return None if job is None else asdict(job)


async def _explain(_request: Request, error: Exception) -> Response:
    match error:
        case MissingPhotoError():
            status = HTTPStatus.NOT_FOUND
        case ChangedPhotoError():
            status = HTTPStatus.CONFLICT
        case PhotoError():
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        case UsageError():
            status = HTTPStatus.BAD_REQUEST
        case _:
            status = HTTPStatus.CONFLICT
    # Any question about a file may be refused, for example by a disk that is gone.
    refusal = explain_refusal(error) if isinstance(error, OSError) else None
    return JSONResponse({"error": spell(str(refusal or error))}, status)
