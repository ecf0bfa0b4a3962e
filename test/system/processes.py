"""What the system tests start and stop: build/release/pando as a process, and a private PostgreSQL beside it."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / 'support'))
from made_once import as_postgres, copy_cluster, copy_embedded, folder_for_all, give_to_postgres  # noqa: E402
from made_once import key_of, made_once, postgres_programs, quick_folder  # noqa: E402
from ports import free_port  # noqa: E402

__all__ = ['HERE', 'HOOKED', 'ITEMS', 'PROGRAM', 'ROOT', 'SECRET', 'WAIT_SECONDS_MAX', 'Pando', 'PreparedPando',
           'PrivatePostgres', 'alive', 'as_postgres', 'await_look', 'await_promise', 'embedded_database', 'embedded_pid', 'folder_for_all', 'free_port',
           'give_to_postgres', 'key_of', 'made_once', 'needs_hooks', 'quick_folder', 'roles', 'token_of', 'token_with',
           'wait_until', 'within', 'write_project']

# PANDO_PROGRAM: another build of the program, say one with sanitizers.
PROGRAM = pathlib.Path(os.environ.get('PANDO_PROGRAM', ROOT / 'build/release/pando'))
# The build whose rules of the cache can be switched off (src/cache/rules.h).
HOOKED = ROOT / 'build/debug/pando'
needs_hooks = unittest.skipUnless(HOOKED.exists(), 'there is no build that can switch rules off')
WAIT_SECONDS_MAX = 60
SECRET = 'a secret of the system tests, long enough'


def wait_until(condition, what, seconds=WAIT_SECONDS_MAX):
    """Asks again until the condition holds, and fails with a sentence when it never does."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}: not within {seconds} s')
        time.sleep(0.02)
    return value


def await_promise(condition, what, seconds):
    """Asks again until the condition holds, and fails when it does not though it was asked later than `seconds` from now. What
    was asked before may be answered by what held then, however late a busy machine brings the answer."""
    latest = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if value := condition():
            return value
        if asked > latest:
            raise AssertionError(f'{what}: not within {seconds} s')
        time.sleep(0.02)


def await_look(postgres, what='the server looks at the schema'):
    """Until the one server of the database has just looked at the schema: half a second is left until it looks again."""
    # The last query of a look asks for commits that wait, and stays in view until the next look.
    asked = "select query_start from pg_stat_activity where query like '%SyncRep%' and pid <> pg_backend_pid()"
    before = postgres.sql(asked)
    wait_until(lambda: postgres.sql(asked) != before, what)


def within(seconds, attempt, what, tries=6):
    """Calls attempt(), which returns the seconds that something took, until they are no more than that; fails when they always
    are. A busy machine holds up one attempt or another; a wait that is part of the program holds up each."""
    took = []
    while not took or took[-1] > seconds:
        if len(took) == tries:
            raise AssertionError(f'{what}: took {", ".join(f"{each:.1f}" for each in took)} s, never {seconds} s or less')
        took.append(attempt())


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def write_project(folder, **migrations):
    """A pando.toml with a folder of migrations; keyword arguments name them: m0001_items='create table ...'."""
    (folder / 'migrations').mkdir()
    for name, sql in migrations.items():
        (folder / 'migrations' / f'{name.removeprefix("m")}.sql').write_text(sql)
    config = folder / 'pando.toml'
    config.write_text(f'[migrate]\nfolder = "{folder}/migrations"\n[auth]\njwt_secret = "{SECRET}"\n')
    return config


def roles(*names):
    """SQL that makes the login role of a database that is not Pando's own, and those that it may become."""
    listed = ', '.join(names)
    return (f'create role authenticator login noinherit;\n{"".join(f"create role {name} nologin;" for name in names)}\n'
            f'grant {listed} to authenticator;\ngrant usage on schema public to {listed};\n')


def token_of(subject, role='authenticated', seconds=86_400):
    """A token of somebody who signed in, good for so many seconds."""
    return token_with({'role': role, 'sub': subject, 'exp': int(time.time()) + seconds})


def token_with(claims):
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b'=')
    signed = b'.'.join(encoded(json.dumps(part).encode()) for part in ({'alg': 'HS256', 'typ': 'JWT'}, claims))
    return (signed + b'.' + encoded(hmac.digest(SECRET.encode(), signed, hashlib.sha256))).decode()


ITEMS = '''
create table items (id int primary key, name text not null);
insert into items select i, 'item ' || i from generate_series(1, 100) i;
create function slow(seconds float8) returns text language plpgsql volatile
  as $$ begin perform pg_sleep(seconds); return 'done'; end $$;
grant select on items to anon;
grant insert on items to anon;
grant execute on function slow to anon;
'''


class Pando:
    """One serving process on ports of its own. `environment` comes on top of the settings that keep it private."""
    own_session = False  # of the operating system

    def __init__(self, folder, config=None, environment=None, arguments=(), program=None):
        self.program = program or PROGRAM
        self.folder = folder
        self.port, self.admin_port = free_port(), free_port()
        self.arguments = [*(['--config', str(config)] if config else []), *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(('PANDO_', 'PGRST_'))}
        self.environment = {**clean, 'PANDO_DATABASE_URL': f'embedded:{folder}/postgres',
                            'PANDO_HTTP_LISTEN': f'127.0.0.1:{self.port}',
                            'PANDO_ADMIN_LISTEN': f'127.0.0.1:{self.admin_port}', **(environment or {})}
        self.environment = {name: value for name, value in self.environment.items() if value is not None}
        self.process = None

    def run(self, *words, check=True):
        """Runs a subcommand to its end."""
        done = subprocess.run([self.program, *words, *self.arguments], env=self.environment, cwd=self.folder, text=True,
                              capture_output=True, timeout=WAIT_SECONDS_MAX, check=False)
        if check and done.returncode:
            raise AssertionError(f'pando {" ".join(words)} ended with {done.returncode}: {done.stderr}')
        return done

    def start(self, ready=True):
        self.log = open(self.folder / 'serve.log', 'a+', encoding='utf-8')
        self.process = subprocess.Popen([self.program, 'serve', *self.arguments], env=self.environment, cwd=self.folder,
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        start_new_session=self.own_session)
        if ready:
            wait_until(self._ready, 'the server is ready')
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f'pando serve ended with {self.process.returncode}:\n{self.log_text()}')
        return self.status_of('/readyz', admin=True) == 200

    def log_text(self):
        return (self.folder / 'serve.log').read_text(encoding='utf-8', errors='replace')

    def status_of(self, path, admin=False):
        """The status of a GET, or None when nobody answers."""
        try:
            return self.request('GET', path, admin=admin)[0]
        except (OSError, http.client.HTTPException):
            return None

    def request(self, method, path, body=None, headers=None, admin=False, timeout=WAIT_SECONDS_MAX):
        """(status, headers, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection('127.0.0.1', self.admin_port if admin else self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def metric(self, name, **labels):
        """The sum of the series of that name with these labels, and any others."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = self.request('GET', '/metrics', admin=True)[2].decode().splitlines()
        return sum(float(line.rsplit(' ', 1)[1]) for line in lines
                   if re.match(rf'{name}[ {{]', line) and all(label in line for label in wanted))

    def json(self, path, **keywords):
        return json.loads(self.request('GET', path, **keywords)[2])

    def raw(self, data, timeout=WAIT_SECONDS_MAX):
        """Sends bytes, reads until the server closes or pauses, and returns what came."""
        with socket.create_connection(('127.0.0.1', self.port), timeout=timeout) as peer:
            peer.sendall(data)
            received = b''
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while chunk := peer.recv(65536):
                    received += chunk
            return received

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Signals the process if it still runs, and returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(WAIT_SECONDS_MAX)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class PostgrestPando(Pando):
    """Is configured as PostgREST is, by its variables; `settings` come on top of them, and None takes one away."""

    def __init__(self, folder, postgres, **settings):
        super().__init__(folder, None, {'PANDO_DATABASE_URL': None, 'PANDO_HTTP_LISTEN': None,
                                        'PGRST_DB_URI': postgres.uri('authenticator'), 'PGRST_DB_ANON_ROLE': 'anon',
                                        'PGRST_JWT_SECRET': SECRET, **settings})
        self.environment |= {'PGRST_SERVER_HOST': '127.0.0.1', 'PGRST_SERVER_PORT': str(self.port)}


class PreparedPando(Pando):
    """Finds its embedded data folder initialised, which is not what its test is about: a copy takes a tenth of the time."""

    def __init__(self, folder, *arguments, **keywords):
        super().__init__(folder, *arguments, **keywords)
        if not (folder / 'postgres').exists():
            copy_embedded(self.program, folder / 'postgres')


def embedded_pid(folder):
    """The postmaster of an embedded data folder, or None."""
    found = list(pathlib.Path(folder).rglob('postmaster.pid'))
    return int(found[0].read_text().split()[0]) if found else None


class Database:
    """What is asked of a PostgreSQL as its superuser, over its Unix socket."""
    binaries = postgres_programs()

    def __init__(self, socket_folder, database='postgres'):
        self.command = [self.binaries / 'psql', '-X', '-At', '-q', '-v', 'ON_ERROR_STOP=1', '-h', socket_folder, '-U', 'postgres',
                        '-d', database]

    def sql(self, text):
        done = subprocess.run(self.command, input=text, text=True, check=True, capture_output=True, timeout=WAIT_SECONDS_MAX)
        return done.stdout.strip()

    @contextlib.contextmanager
    def open(self, text):
        """Runs statements, and keeps the session open, with its transaction, until the `with` block ends. Gives the process of
        psql: communicate() ends it sooner."""
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            print(text, '\\echo done', sep='\n', file=session.stdin, flush=True)
            while (line := session.stdout.readline()) != 'done\n':
                if not line:
                    raise AssertionError(f'the session ended: {text}')
            yield session


def embedded_database(folder):
    """The embedded database of a server that runs."""
    [lines] = [path.read_text().splitlines() for path in pathlib.Path(folder).rglob('postmaster.pid')]
    return Database(lines[4], 'pando')


class PrivatePostgres(Database):
    """A PostgreSQL of the tests' own: a cluster in `folder`, on a Unix socket only, as the postgres account; `settings`
    are more lines of its configuration."""

    def __init__(self, folder, settings=''):
        self.folder = folder / 'cluster'
        super().__init__(self.folder)
        self.folder.mkdir()
        give_to_postgres(self.folder)
        self._fill(self.folder / 'data', settings)

    def _fill(self, data, settings):
        copy_cluster(data)
        with open(data / 'postgresql.conf', 'a', encoding='utf-8') as conf:
            conf.write(f"\nlisten_addresses = ''\nunix_socket_directories = '{self.folder}'\nfsync = off\n{settings}\n")

    def _control(self, *arguments):
        # Without a wait of its own, which looks every tenth of a second.
        command = [self.binaries / 'pg_ctl', '-D', self.folder / 'data', '-W', *arguments]
        subprocess.run(as_postgres(command), check=True, capture_output=True, cwd='/', timeout=WAIT_SECONDS_MAX)

    def _process_file(self):
        """The lines of postmaster.pid; none while no server runs."""
        try:
            return (self.folder / 'data/postmaster.pid').read_text().splitlines()
        except FileNotFoundError:
            return []

    def start(self):
        self._control('-l', self.folder / 'log', 'start')
        wait_until(lambda: [line.strip() for line in self._process_file()[7:]] == ['ready'], 'PostgreSQL is ready')

    def stop(self, mode='fast'):
        if self._process_file():
            self._control('-m', mode, 'stop')
            wait_until(lambda: not self._process_file(), 'PostgreSQL has ended')

    def await_listener(self):
        """Until a server hears what is notified: it begins to listen a moment after it is ready."""
        # On the connection on which it listens it asks for the fingerprint of the schema from then on.
        watching = "select count(*) from pg_stat_activity where query like '%pg_current_snapshot()%' and pid <> pg_backend_pid()"
        wait_until(lambda: self.sql(watching) != '0', 'a server listens')

    def uri(self, user='postgres'):
        return f'postgresql://{user}@/postgres?host={self.folder}'

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop('immediate')
