"""The built web app: files with hashed names are kept for ever, other addresses are ``index.html``."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

WEB_DIR = Path(__file__).parent.parent / "web"
_IMMUTABLE = "public, max-age=31536000, immutable"
_API = ("/api/", "/v1/")


class WebApp(StaticFiles):
    """Serves a folder of built files.

    Args:
        directory: holds ``index.html`` and ``assets/`` (names with a hash of their content).
    """

    def __init__(self, directory: Path = WEB_DIR) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self._index = directory / "index.html"

    async def check_config(self) -> None:
        """Accept a folder that is not there: everything in it is not found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or the page for an address that has no file extension."""
        if f"{scope['path']}/".startswith(_API):
            raise HTTPException(404)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            is_page = error.status_code == 404 and "." not in path.rsplit("/", 1)[-1]
            if not is_page or not self._index.is_file():
                raise
            response = FileResponse(self._index)
        is_asset = path.startswith("assets/") and response.status_code in {200, 304}
        response.headers["cache-control"] = _IMMUTABLE if is_asset else "no-cache"
        return response


def build_web_app(directory: Path = WEB_DIR) -> ASGIApp:
    """Return the application that answers what no route does."""
    files = WebApp(directory)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(404)
        await files(scope, receive, send)

    return serve
