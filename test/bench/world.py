"""What is measured: a serving Pando with the tables of cases.py in its embedded PostgreSQL."""
import functools
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'system'))
from accounts import cpu_seconds, resident_mb  # noqa: E402
from processes import PROGRAM, ROOT, SECRET, Pando, embedded_pid, folder_for_all, free_port, wait_until, write_project  # noqa: E402
from processes import token_of as make_token  # noqa: E402

__all__ = ['HERE', 'PROGRAM', 'ROOT', 'SECRET', 'World', 'folder_for_all', 'free_port', 'token_of', 'wait_until']

CONNECTIONS_MAX = 200
READY_PATH = '/rest/v1/'

token_of = functools.cache(make_token)


class World:
    """`migrations` by name, as write_project() takes them. Use as a context. Without an environment nothing is cached."""

    def __init__(self, folder, environment=None, **migrations):
        self.folder = folder
        self.pando = Pando(folder, write_project(folder, **migrations), environment or {'PANDO_CACHE_URL': 'off'})
        # As the other servers have, for Linux shares the processors out among sessions (sched(7), autogroup): with the load's, it
        # would have to share with that.
        self.pando.own_session = True
        self.pando.run('migrate')
        try:
            self._start()
        except BaseException:
            self.pando.stop()
            raise

    def _start(self):
        self.pando.start()
        postmaster_file = next(self.folder.rglob('postmaster.pid'))
        self.data_folder = postmaster_file.parent
        self.socket_folder = postmaster_file.read_text().splitlines()[4]
        # For all who connect beside Pando.
        self.sql(f'alter system set max_connections = {CONNECTIONS_MAX}')
        self.restart(READY_PATH)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pando.stop()

    def settings_beside(self, cache):
        """Of another Pando on the same database, with a cache of that size or 'off'."""
        uri = f'postgresql:///pando?host={self.socket_folder}&user='
        settings = {'PANDO_DATABASE_URL': uri + 'authenticator'}
        if cache == 'off':
            # PANDO_CACHE_URL is absent because early commits do not know it. Its default caches nothing here, where the
            # database is not embedded and PANDO_CHANGES_URL is absent too.
            return settings
        return {**settings, 'PANDO_CACHE_URL': cache, 'PANDO_CHANGES_URL': uri + 'postgres'}

    def postgres_command(self, name, *arguments):
        tool = sorted(pathlib.Path('/usr/lib/postgresql').glob(f'*/bin/{name}'))[-1]
        return [tool, '-h', self.socket_folder, '-U', 'postgres', *arguments, 'pando']

    def sql(self, *texts):
        """Runs each by itself. Returns what they print."""
        commands = [word for text in texts for word in ('-c', text)]
        done = subprocess.run(self.postgres_command('psql', '-X', '-At', '-v', 'ON_ERROR_STOP=1', *commands),
                              capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f'psql: {done.stderr}')
        return done.stdout

    def server_cpu(self):
        return cpu_seconds(self.pando.process.pid, without={self.postmaster})

    def database_cpu(self):
        return cpu_seconds(self.postmaster)

    def resident_mb(self):
        return resident_mb(self.pando.process.pid)

    def restart(self, path):
        """Returns the seconds from exec to the first answer, on the data folder as it was left by a clean stop."""
        self.pando.stop()
        started = time.monotonic()
        self.pando.start(ready=False)
        wait_until(lambda: self.pando.status_of(path) == 200, 'the first answer')
        took = time.monotonic() - started
        self.postmaster = embedded_pid(self.folder)
        return took
