"""Who answers: our service in a folder, nginx with the same bytes as files, or whatever has a base URL."""

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from tests.ports import reserved_ports
from tests.postgresql import running_postgresql
from tests.serving import process

OURS, NGINX, PEER = "ours", "nginx", "peer"

_NGINX = Template("""
daemon off;
user $user;
pid $folder/nginx.pid;
error_log $folder/error.log;
worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=20000 inactive=1h;
  open_file_cache_valid 1h;
  default_type application/octet-stream;
  client_body_temp_path $folder/temporary;
  proxy_temp_path $folder/temporary;
  fastcgi_temp_path $folder/temporary;
  uwsgi_temp_path $folder/temporary;
  scgi_temp_path $folder/temporary;
  server { listen 127.0.0.1:$port; root $folder/files; }
}
""")


@dataclass(frozen=True, slots=True)
class Server:
    """Something to put under load.

    Attributes:
        name: short.
        url: base URL, without a slash at its end.
        pids: roots of its processes; none if they cannot be seen.
        folder: where it keeps what it stores; None if unknown.
    """

    name: str
    url: str
    pids: tuple[int, ...] = ()
    folder: Path | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """Lend a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dicomweb-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def ours(folder: Path, database_url: str | None = None, pids: tuple[int, ...] = ()) -> Iterator[Server]:
    """Serve a folder with one process.

    Args:
        folder: where everything is kept.
        database_url: of PostgreSQL; None for SQLite in the folder.
        pids: of the database, if its processes can be seen.
    """
    environment = {"DICOMWEB_DATABASE_URL": database_url} if database_url else {}
    with process(folder / "data", **environment) as running:
        url = str(running.client.base_url).rstrip("/")
        yield Server(OURS, url, (running.popen.pid, *pids), folder / "data")


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a PostgreSQL of our own in a folder, and lend its URL and its first process."""
    with running_postgresql(folder) as url:
        yield url, int((folder / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def nginx(folder: Path) -> Iterator[Server]:
    """Serve the folder's `files` as they are, with one worker."""
    (folder / "files").mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    command = ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    with reserved_ports(1) as [port]:
        configuration.write_text(_NGINX.substitute(folder=folder, port=port, user=getpass.getuser()))
        running = subprocess.Popen(command)
        try:
            _wait_for(port, running)
            yield Server(NGINX, f"http://127.0.0.1:{port}", (running.pid,))
        finally:
            running.terminate()
            running.wait()


def has_nginx() -> bool:
    """Tell whether nginx is on the path."""
    return shutil.which("nginx") is not None


def _wait_for(port: int, running: "subprocess.Popen[bytes]") -> None:
    while running.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    raise RuntimeError("nginx did not start")
