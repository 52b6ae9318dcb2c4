"""An embedded PostgreSQL: one cluster below a data folder, on a loopback port, with the product's roles."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from bff.engines.accounts import can_reach, choose_uid, make_private_folder
from bff.engines.away import forget_orphans, provide_away
from bff.engines.errors import EngineError
from bff.engines.ports import LOOPBACK, choose_kept_port
from bff.engines.postgres_binaries import find_postgres
from bff.engines.processes import spawn, stop, stop_stray

SUPERUSER = "portal"
OWNER = "portal_owner"
LOGIN = "portal_login"
DATABASE = "portal"

_START_TIMEOUT_S = 30
_POLL_S = 0.02
# Tests throw their cluster away, so a crash of the machine may take it. A killed server may not: commits still wait
# until the operating system has them.
_FORGETFUL = ("fsync=off", "full_page_writes=off", "max_connections=300")
_LASTING = ("fsync=on", "max_connections=100")


class Postgres:
    """One cluster. `start` returns when it takes connections; `stop` when it is down.

    Three roles: `portal` (superuser: set-up alone), `portal_owner` (owns the tables, runs migrations) and
    `portal_login` (what the application signs in as; may do nothing but become `portal_app`). Superusers and owners
    bypass row-level security, so neither may serve a request.
    """

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self.folder = folder.absolute()
        self.port = 0
        self._lasting = lasting
        self._uid = choose_uid()
        self._process: subprocess.Popen[bytes] | None = None
        self._secrets: dict[str, str] = {}

    @property
    def log(self) -> Path:
        """What PostgreSQL writes; its last line explains a start that failed."""
        return self.folder / "postgres.log"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def url(self, role: str = LOGIN, *, database: str = DATABASE) -> str:
        """A libpq URL with the role's password in it."""
        return f"postgresql://{role}:{quote(self._secrets[role])}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start the cluster, made first when there is none. Raises EngineError.

        From the main thread only, see `processes.spawn`.
        """
        self.prepare()
        self.launch()
        self.wait_until_ready()

    def prepare(self) -> None:
        """Everything slow that needs no child of ours to live: finding the programs, `initdb`, an old server's end."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self._uid is not None:
            forget_orphans()
        self._bin = find_postgres(self._uid)
        self._cluster = self._choose_cluster()
        self._secrets = _read_secrets(self.folder / "postgres.json")
        self._stop_stray()
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()
        self._require_same_version()

    def launch(self) -> None:
        """Start the server process and return at once."""
        self.port = choose_kept_port(self.folder / "postgres.port")
        options = [
            *(_LASTING if self._lasting else _FORGETFUL),
            "unix_socket_directories=",
            "logging_collector=off",
        ]
        self._process = spawn(
            [
                self._bin / "postgres",
                *("-D", self._cluster, "-h", LOOPBACK, "-p", str(self.port)),
                *(part for option in options for part in ("-c", option)),
            ],
            log=self.log,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            uid=self._uid,
            death_signal=signal.SIGINT,  # PostgreSQL's "fast" stop: ends sessions, writes its checkpoint
        )

    def wait_until_ready(self) -> None:
        """Return when the server takes connections and has the product's roles and database."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                with psycopg.connect(self.url(SUPERUSER, database="postgres"), autocommit=True) as connection:
                    self._provide_roles(connection)
                    return
            except psycopg.OperationalError as error:
                if self.pid is None or time.monotonic() > deadline:
                    raise EngineError(
                        f"PostgreSQL did not start: {self._last_words()} ({self.log})"
                    ) from error
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop the server by its fast way; sessions end, committed data is kept."""
        if self._process is not None:
            stop(self._process, with_signal=signal.SIGINT)
            self._process = None

    def remove(self) -> None:
        """Stop the server and delete its data, wherever that is."""
        self.stop()
        shutil.rmtree(self._cluster, ignore_errors=True)
        if self._cluster.parent != self.folder:
            shutil.rmtree(self._cluster.parent, ignore_errors=True)
            (self.folder / "postgres.moved").unlink(missing_ok=True)

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """An empty database, or a copy of `template`, owned by `portal_owner`."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
        with psycopg.connect(self.url(SUPERUSER, database="postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _choose_cluster(self) -> Path:
        """The cluster's own folder: below ours, unless PostgreSQL's account can't get there (a 0700 home, mktemp)."""
        pointer, here = self.folder / "postgres.moved", self.folder / "postgres"
        if pointer.exists():
            return Path(pointer.read_text().strip())
        if can_reach(self.folder, uid=self._uid):
            return here
        if here.exists():
            raise EngineError(
                f"The account that runs PostgreSQL cannot reach {here} any more; open the folders above it."
            )
        away = provide_away(self.folder, uid=self._uid)
        pointer.write_text(f"{away / 'postgres'}\n")
        with self.log.open("a") as log:
            log.write(
                f"The data is kept in {away}: {self.folder} is closed to the account that runs PostgreSQL.\n"
            )
        return away / "postgres"

    def _initialise(self) -> None:
        """`initdb` into a draft folder, renamed when whole: a run killed halfway leaves no broken cluster."""
        draft = self._cluster.with_name("postgres.draft")
        shutil.rmtree(draft, ignore_errors=True)
        make_private_folder(draft, uid=self._uid)
        password = draft.with_name("postgres.password")
        password.touch(mode=0o600)
        password.write_text(self._secrets[SUPERUSER])
        if self._uid is not None:
            os.chown(password, self._uid, self._uid)
        try:
            self._run_initdb(draft, password)
        finally:
            password.unlink()
        draft.rename(self._cluster)

    def _run_initdb(self, draft: Path, password: Path) -> None:
        command = [self._bin / "initdb", "-D", draft, "-U", SUPERUSER, "--auth=scram-sha-256"]
        command += [f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        if self._program_version() >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(  # noqa: S603
            [str(part) for part in command],
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            user=self._uid,
            group=self._uid,
            extra_groups=[] if self._uid is not None else None,
            capture_output=True,
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            raise EngineError(f"PostgreSQL could not make its data folder: {self._last_words()} ({self.log})")

    def _program_version(self) -> int:
        answer = subprocess.run([str(self._bin / "postgres"), "--version"], capture_output=True, check=True)  # noqa: S603
        return int(answer.stdout.decode().split()[2].split(".")[0])

    def _require_same_version(self) -> None:
        kept, ours = int((self._cluster / "PG_VERSION").read_text()), self._program_version()
        if kept != ours:
            raise EngineError(
                f"The data in {self._cluster} was made by PostgreSQL {kept}, but {ours} is what we found; "
                "remove the folder or choose another --data-dir."
            )

    def _stop_stray(self) -> None:
        """End the server of a run that was killed where the kernel could not tell it (see `die_with_parent`)."""
        lock = self._cluster / "postmaster.pid"
        if lock.exists():
            pid = int(lock.read_text().split("\n", 1)[0])
            stop_stray(pid, command_contains=str(self._cluster), with_signal=signal.SIGINT)
            lock.unlink(missing_ok=True)

    def _provide_roles(self, connection: psycopg.Connection) -> None:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        for role, rights in ((OWNER, "LOGIN CREATEROLE"), (LOGIN, "LOGIN NOINHERIT")):
            if role not in known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} " + rights + " PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(self._secrets[role])
                    )
                )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1].strip() if lines else "it said nothing"


def _read_secrets(path: Path) -> dict[str, str]:
    """The roles' passwords, made at the first start and readable by us alone."""
    if not path.exists():
        made = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, LOGIN)}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
    return {str(role): str(secret) for role, secret in json.loads(path.read_text()).items()}
