"""Clients send requests of every kind and leave at every moment; the server neither ends nor forgets the others.

PANDO_CHAOS_SECONDS makes the run longer, PANDO_CHAOS_SEED another one, PANDO_CHAOS_PROGRAM names a build with other
sanitizers (./dev soak chaos).
"""
import os
import pathlib
import random
import socket
import struct
import threading
import time
import unittest

from processes import HOOKED, Pando, quick_folder, needs_hooks, token_of, wait_until, write_project

SECONDS = int(os.environ.get('PANDO_CHAOS_SECONDS', '20'))
SEED = int(os.environ.get('PANDO_CHAOS_SEED', '20261129'))
PROGRAM = pathlib.Path(os.environ.get('PANDO_CHAOS_PROGRAM', HOOKED))
CLIENTS = 6
STAY_MS_MAX = 60
TABLES = 300
RESET = struct.pack('ii', 1, 0)  # SO_LINGER: closing sends a reset

SCHEMA = '''
create table items (id int primary key, name text, price numeric);
insert into items select i, 'item ' || i, i from generate_series(1, 20000) i;
create table parts (id int primary key, item_id int references items);
insert into parts select i, i % 100 + 1 from generate_series(1, 1000) i;
create table notes (id bigint generated always as identity primary key, owner text, body text);
alter table notes enable row level security;
create policy own on notes using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
create function nap(seconds float8) returns text language plpgsql volatile as $$ begin perform pg_sleep(seconds); return 'up'; end $$;
grant select, insert, update, delete on items, parts, notes to anon, authenticated;
grant execute on function nap to anon, authenticated;
do $$ begin for i in 1..''' + str(TABLES) + ''' loop
  execute format('create table many_%s (id int primary key, a text, b int, c timestamptz); grant select on many_%s to anon', i, i);
end loop; end $$;
'''
JSON = {'Content-Type': 'application/json'}


def requests(dice):
    """One request: method, path, headers, body."""
    key = dice.randint(1, 20_000)
    return dice.choice([
        ('GET', '', {}, ''), ('GET', '', {'Accept': 'application/vnd.oai.openapi+json'}, ''), ('HEAD', '', {}, ''),
        ('GET', f'items?id=eq.{key}', {}, ''), ('GET', f'items?id=eq.{key}', {'Accept': 'text/csv'}, ''),
        ('GET', 'items?order=id&limit=5000', {}, ''), ('GET', 'items', {}, ''),
        ('GET', f'items?select=id,parts(id)&id=lt.{key % 200}', {}, ''), ('GET', 'notes', {'Prefer': 'count=exact'}, ''),
        ('GET', f'rpc/nap?seconds={dice.random() / 10:.3f}', {}, ''), ('POST', 'rpc/nap', JSON, '{"seconds": 0.05}'),
        ('POST', 'notes', JSON, '{"owner": "me", "body": "x"}'),
        ('POST', 'notes', JSON, '[' + ','.join(['{"owner": "me", "body": "y"}'] * 500) + ']'),
        ('PATCH', f'items?id=eq.{key}', {**JSON, 'If-Match': '*'}, '{"price": 1}'), ('DELETE', f'parts?id=eq.{key}', {}, ''),
        ('PUT', f'parts?id=eq.{key}', JSON, f'{{"id": {key}, "item_id": 1}}'), ('OPTIONS', 'items', {}, ''),
        ('GET', 'no_such', {}, ''), ('GET', f'many_{key % TABLES + 1}', {}, ''), ('BREW', 'items', {}, ''),
    ])


class Client(threading.Thread):
    def __init__(self, port, seed, over):
        super().__init__()
        self.port, self.dice, self.over, self.sent = port, random.Random(seed), over, 0

    def run(self):
        while not self.over.is_set():
            try:
                self.once()
            except OSError:
                pass

    def once(self):
        dice = self.dice
        with socket.create_connection(('127.0.0.1', self.port), timeout=5) as peer:
            data = b''.join(self.encoded() for _ in range(dice.choice([1, 1, 1, 3])))
            if dice.random() < 0.2:
                data = data[:dice.randrange(len(data))]
            peer.sendall(data)
            self.sent += 1
            time.sleep(dice.random() * STAY_MS_MAX / 1000)
            leave = dice.random()
            if leave < 0.6:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            elif leave < 0.8:
                peer.recv(dice.choice([1, 100, 100_000]))
            else:
                peer.shutdown(socket.SHUT_WR)
                peer.recv(1)

    def encoded(self):
        method, path, headers, body = requests(self.dice)
        lines = [f'{method} /rest/v1/{path} HTTP/1.1', 'Host: localhost', *(f'{name}: {value}' for name, value in headers.items())]
        if self.dice.random() < 0.3:
            lines.append(f'Authorization: Bearer {token_of(self.dice.choice(["me", "you"]))}')
        if body:
            lines.append(f'Content-Length: {len(body)}')
        return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body.encode()


@needs_hooks
class Chaos(unittest.TestCase):
    def play(self, seconds, **environment):
        folder = self.enterContext(quick_folder())
        config = write_project(folder, m0001_all=SCHEMA)
        pando = self.enterContext(Pando(folder, config, environment, program=PROGRAM))
        pando.run('migrate')
        pando.start()
        over = threading.Event()
        clients = [Client(pando.port, f'{SEED} {number}', over) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        ends = time.monotonic() + seconds
        try:
            while time.monotonic() < ends and pando.process.poll() is None:
                pando.send(10)  # SIGUSR1: loads the catalog, so that documents and shapes are made anew
                over.wait(0.7)
        finally:
            over.set()
            for client in clients:
                client.join()
        self.assertIsNone(pando.process.poll(), f'seed {SEED}: the server ended:\n{pando.log_text()[-6000:]}')
        self.assertGreater(sum(client.sent for client in clients), seconds * 10)
        wait_until(lambda: pando.status_of('/rest/v1/parts?id=eq.7') == 200, 'the server answers')
        self.assertEqual(pando.stop(), 0, pando.log_text()[-6000:])
        for word in ('Sanitizer', 'runtime error', 'task.exception'):
            self.assertNotIn(word, pando.log_text(), f'seed {SEED}')

    def test_clients_that_leave_at_any_moment(self):
        self.play(SECONDS)

    def test_requests_whose_deadline_passes_at_any_moment(self):
        self.play(SECONDS // 2, PANDO_HTTP_REQUEST_TIMEOUT='30ms')


if __name__ == '__main__':
    unittest.main()
