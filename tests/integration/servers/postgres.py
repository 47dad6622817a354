"""A PostgreSQL cluster of our own in a temporary folder, gone when the tests are over. Durability is switched off."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from daemon.adapters.store import migrate
from tests.integration.servers.processes import ServerMissing, free_port

_BINARIES = Path("/usr/lib/postgresql/15/bin")
_TEMPLATE = "meibod_template"
_OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses=127.0.0.1"


class Postgres:
    """One cluster; every test gets databases of its own."""

    def __enter__(self) -> Postgres:
        if not (_BINARIES / "initdb").exists():
            raise ServerMissing("PostgreSQL 15 is not installed: apt-get install postgresql-15")
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="meibod-postgres-"))
        self._as_server = os.geteuid() == 0
        if self._as_server:
            # The server refuses to run as root; Debian's package brings its own user.
            shutil.chown(self.folder, "postgres", "postgres")
        self._names = (f"meibod_{n}" for n in count(1))
        self._run("initdb", "-D", self._data, "-U", "meibod", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()
        self._admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        migrate(self.url(_TEMPLATE))
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._admin.dispose()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        log, options = str(self.folder / "log"), f"{_OPTIONS} -p {self.port} -k {self.folder}"
        self._run("pg_ctl", "-D", self._data, "-l", log, "-o", options, "-w", "-t", "60", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://meibod@127.0.0.1:{self.port}/{database}"

    def database(self, *, migrated: bool = True) -> str:
        """URL of a fresh database."""
        name = next(self._names)
        self._execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {_TEMPLATE}" if migrated else ""))
        return self.url(name)

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    def _run(self, name: str, *arguments: str) -> None:
        command: Sequence[str] = [str(_BINARIES / name), *arguments]
        if self._as_server and getpass.getuser() != "postgres":
            command = ["runuser", "-u", "postgres", "--", *command]
        # The server inherits what it is given, so a pipe would keep the caller waiting for it.
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
