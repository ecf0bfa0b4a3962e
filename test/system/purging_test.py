"""Caches in front are told what changes: Varnish with xkey, which keeps for a day whatever has surrogate keys, and a server that
writes down what it is told."""
import collections
import concurrent.futures
import http.server
import itertools
import random
import shutil
import subprocess
import threading
import time
import unittest
from http.client import HTTPConnection

from cache_case import CacheCase
from processes import folder_for_all, free_port, roles, wait_until, within

SCHEMA = roles('anon') + '''
create table makers (id int primary key, name text not null);
insert into makers select i, 'maker ' || i from generate_series(1, 5) i;
create table items (id int primary key, maker_id int not null references makers, name text not null);
insert into items select i, i % 5 + 1, 'item ' || i from generate_series(1, 40) i;
create view named as select id as number, name from items where name <> 'hidden';
create table docs (id int primary key, open bool not null);
insert into docs select i, i % 2 = 0 from generate_series(1, 10) i;
alter table docs enable row level security;
create policy opened on docs using (open);
grant select on makers, items, named, docs to anon;
'''
VCL = '''vcl 4.1;
import xkey;
backend default { .host = "127.0.0.1"; .port = "%d"; }
sub vcl_recv {
  if (req.method == "PURGE") {
    set req.http.Purged = xkey.purge(req.http.Surrogate-Key);
    return (synth(200));
  }
  return (hash);
}
sub vcl_backend_response {
  unset beresp.http.Content-Range;
  if (beresp.http.Surrogate-Key && beresp.http.Cache-Control ~ "public") {
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    set beresp.ttl = 1d;
  } else {
    set beresp.uncacheable = true;
    set beresp.ttl = 0s;
  }
  return (deliver);
}
sub vcl_deliver { unset resp.http.xkey; if (obj.hits > 0) { set resp.http.X-Hits = obj.hits; } }
'''
AGAIN_SECONDS = 2  # after which what was told is told once more
# What is done by then was not done by what is told once more, nor at the next heartbeat of a stream that nobody asks for.
SOON_SECONDS = 1.5
MARK = "update makers set name = 'mark ' || random() where id = 5"


def ask(port, path, method='GET'):
    connection = HTTPConnection('127.0.0.1', port, timeout=60)
    try:
        connection.request(method, f'/rest/v1/{path}')
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader('X-Hits')
    finally:
        connection.close()


def has_xkey():
    found = subprocess.run(['find', '/usr/lib', '-name', 'libvmod_xkey.so'], capture_output=True, text=True, check=False)
    return shutil.which('varnishd') and found.stdout


@unittest.skipUnless(has_xkey(), 'Varnish with xkey is not installed')
class InFrontOfPando(CacheCase):
    def setUp(self):
        super().setUp()
        self.postgres.sql(SCHEMA)
        self.port = free_port()
        # It starts with a cache in front that is not there yet.
        self.pando_ = self.pando(environment={'PANDO_CACHE_PURGE_URLS': f'http://127.0.0.1:{self.port}/'})
        # It loads what it makes of its program, which it may not everywhere from a file system in memory.
        self.its_folder = self.enterContext(folder_for_all())
        (self.its_folder / 'cache.vcl').write_text(VCL % self.pando_.port)
        self.varnish = None
        self.addCleanup(self.stop)
        self.start()

    def start(self):
        self.varnish = subprocess.Popen(['varnishd', '-F', '-j', 'none', '-n', self.its_folder / 'varnish', '-a',
                                         f'127.0.0.1:{self.port}', '-f', self.its_folder / 'cache.vcl', '-s', 'malloc,16m'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.is_up, 'Varnish answers')

    def stop(self):
        if self.varnish:
            self.varnish.terminate()
            self.varnish.wait()
        self.varnish = None

    def is_up(self):
        try:
            return ask(self.port, 'makers')[0] == 200
        except OSError:
            return False

    def keep(self, path):
        """Asks until Varnish answers by itself."""
        wait_until(lambda: ask(self.port, path)[2], f'Varnish keeps {path}')
        return ask(self.port, path)[1]

    def becomes_another(self, path, before, what):
        now = wait_until(lambda: (answer := ask(self.pando_.port, path)[1]) != before and answer, f'{what}: {path} is another')
        wait_until(lambda: ask(self.port, path)[1] == now, f'{what}: {path} is as it is now')

    def await_purges(self):
        """Until all that was to be told by now has been told, twice."""
        wait_until(self.is_told_twice, 'what was told is told once more')

    def is_told_twice(self):
        """Of a change that is made here, and told behind all others: its answer is dropped, kept, and dropped again. False when it
        was not kept before that."""
        path, begun, kept = 'makers?id=eq.5', time.monotonic(), False
        before = ask(self.port, path)[1]
        self.postgres.sql(MARK)
        self.becomes_another(path, before, 'a mark')
        while (now := time.monotonic()) < begun + 5 * AGAIN_SECONDS:
            hit = ask(self.port, path)[2]
            if kept and not hit and now >= begun + AGAIN_SECONDS:
                return True
            kept = hit
            time.sleep(0.02)  # between two looks
        return False

    def test_a_change_is_seen_and_what_it_does_not_touch_is_kept(self):
        touched = ['items?id=eq.1', 'items?maker_id=eq.2&order=id', 'named?number=eq.1', 'items?select=id,name&order=id',
                   'makers?select=id,items(id,name)&id=eq.2']
        others = ['items?id=eq.2', 'items?maker_id=eq.3&order=id', 'named?number=eq.2', 'makers?id=eq.1']
        there, gone = "insert into items values (1, 2, 'again') on conflict do nothing", 'delete from items where id = 1'

        def see(first, change):
            """How long it takes. When it is more than AGAIN_SECONDS it may have been told twice."""
            self.postgres.sql(first)
            self.await_purges()
            before = {path: self.keep(path) for path in touched + others}
            begun = time.monotonic()
            self.postgres.sql(change)
            for path in touched:
                self.becomes_another(path, before[path], change)
            seconds = time.monotonic() - begun
            for path in others:
                self.assertIsNotNone(ask(self.port, path)[2], f'{change}: {path} stays where it is')
            return seconds
        for first, change in ((there, "update items set name = name || ' one' where id = 1"), (there, gone), (gone, there)):
            within(AGAIN_SECONDS, lambda first=first, change=change: see(first, change), f'{change} is told at once')

    def test_a_policy_and_a_right_are_seen(self):
        policies = itertools.cycle(['not open', 'open'])

        def see():
            self.await_purges()
            before, begun = self.keep('docs?order=id'), time.monotonic()
            self.postgres.sql(f'alter policy opened on docs using ({next(policies)})')
            self.becomes_another('docs?order=id', before, 'another policy')
            self.keep('docs?order=id')
            self.postgres.sql('revoke select on docs from anon')
            wait_until(lambda: ask(self.port, 'docs?order=id')[0] == 401, 'the right is gone')
            seconds = time.monotonic() - begun
            self.postgres.sql('grant select on docs to anon')
            return seconds
        within(AGAIN_SECONDS, see, 'they are told at once')

    def test_whatever_is_written_is_seen_in_the_end(self):
        dice = random.Random(7)
        paths = ([f'items?id=eq.{i}' for i in range(1, 41)] + [f'items?maker_id=eq.{i}&order=id' for i in range(1, 6)] +
                 [f'named?number=eq.{i}' for i in range(1, 41)])
        over = threading.Event()

        def read(seed):
            """How many answers came from Varnish."""
            own, hits = random.Random(seed), 0
            while not over.is_set():
                status, _, hit = ask(self.port, own.choice(paths))
                self.assertEqual(status, 200)
                hits += hit is not None
            return hits
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            readers = [threads.submit(read, seed) for seed in range(4)]
            try:
                # A little apart, so that some is kept in between.
                self.postgres.sql(''.join(f"update items set name = 'v{number}', maker_id = {dice.randint(1, 5)} "
                                          f'where id = {dice.randint(1, 40)}; select pg_sleep(0.02);' for number in range(150)))
                self.await_purges()
            finally:
                over.set()
            hits = sum(reader.result() for reader in readers)
        for path in paths:
            self.assertEqual(ask(self.port, path)[:2], ask(self.pando_.port, path)[:2], path)
        self.assertGreater(hits, 100)

    def test_what_was_not_told_is_told_as_everything(self):
        self.await_purges()
        before = self.keep('items?id=eq.1')

        def purges(result):
            return self.pando_.metric('pando_cache_purges_total', result=result)
        failed = purges('failed')
        self.stop()
        self.postgres.sql("update items set name = 'while it was away' where id = 1")
        wait_until(lambda: purges('failed') > failed, 'it was not told')
        taken = purges('taken')
        self.start()
        wait_until(lambda: purges('taken') > taken, 'it is told again')
        self.becomes_another('items?id=eq.1', before, 'Varnish was away')


class Told(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_PURGE(self):
        status = self.server.statuses.popleft() if self.server.statuses else 200
        self.server.told.append((self.path, status, self.headers['Surrogate-Key'].split()))
        self.send_response(status)
        self.send_header('Content-Length', '0')
        if self.server.closes:
            self.send_header('Connection', 'close')
        self.end_headers()

    def log_message(self, *_):
        pass


class WhatIsTold(CacheCase):
    def setUp(self):
        super().setUp()
        self.postgres.sql(SCHEMA)
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Told)
        self.server.told, self.server.statuses, self.server.closes = [], collections.deque(), False
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def await_purges(self):
        """Until all that was to be told by now has been told, twice."""
        wait_until(self.is_told_twice, 'what was told is told once more')

    def is_told_twice(self):
        """Of a change that is made here, and told behind all others. False when something hid it: what is told as everything has
        no keys of its own."""
        before, latest = len(self.server.told), time.monotonic() + 5 * AGAIN_SECONDS
        self.postgres.sql(MARK)
        while time.monotonic() < latest:
            times = collections.Counter(key for _, _, keys in self.server.told[before:] for key in keys if key != 'pando')
            if 2 in times.values():
                return True
            time.sleep(0.02)  # between two looks
        return False

    def told(self):
        return [key for _, status, keys in self.server.told if status == 200 for key in keys]

    def start(self, streaming=True, **environment):
        url = f'http://127.0.0.1:{self.server.server_port}/purge?all'
        return self.pando(environment={'PANDO_CACHE_PURGE_URLS': url, **environment}, streaming=streaming)

    def keys_of(self, pando, path):
        """Of an answer that is kept, as it is and from the cache."""
        def look():
            _, fields, _ = pando.request('GET', f'/rest/v1/{path}')
            keys = fields['Surrogate-Key']
            self.assertEqual(keys is not None, 'hit' in fields['Cache-Status'] or 'stored' in fields['Cache-Status'])
            return 'hit' in fields['Cache-Status'] and keys
        return wait_until(look, f'{path} is kept').split()

    def test_the_keys_of_what_changed_and_no_others(self):
        pando = self.start()
        wait_until(lambda: 'pando' in self.told(), 'at the start everything is dropped')
        one, two = self.keys_of(pando, 'items?id=eq.1'), self.keys_of(pando, 'items?id=eq.2')
        self.assertEqual(one[0], 'pando')
        self.await_purges()
        self.server.told.clear()
        self.postgres.sql("update items set name = 'one' where id = 1")
        wait_until(lambda: set(one) & set(self.told()), 'the row is told')
        self.assertFalse(set(two) & set(self.told()) - {'pando'})
        self.assertEqual({path for path, _, _ in self.server.told}, {'/purge?all'})
        first = len(self.told())
        wait_until(lambda: len(self.told()) >= 2 * first, 'it is told once more')

    def test_everything_is_told_at_the_start_though_the_stream_cannot_begin(self):
        # The slot waits for whoever has written.
        self.enterContext(self.postgres.open("begin; update items set name = 'open' where id = 9;"))
        pando = self.start(streaming=False)
        wait_until(lambda: 'pando' in self.told(), 'everything is told')
        self.assertEqual(pando.metric('pando_changes_streaming'), 0)

    def test_everything_is_told_at_the_end(self):
        self.server.closes = True
        pando = self.start()
        self.keys_of(pando, 'items?id=eq.1')
        self.await_purges()
        self.server.told.clear()
        pando.stop()
        self.assertIn('pando', self.told())

    def test_a_member_who_leaves_is_told_though_nobody_asks(self):
        self.postgres.sql('create role readers; grant select on items to readers; grant readers to anon')
        self.start()
        other = self.pando()
        wait_until(lambda: other.metric('pando_changes_age_seconds') > 1.5, 'heartbeats are rare where nobody is told')

        def leave():
            """How long it takes right behind another change, when the next rare heartbeat would be far."""
            self.await_purges()
            for change in ('revoke readers from anon', 'grant readers to anon'):
                self.server.told.clear()
                begun = time.monotonic()
                self.postgres.sql(change)
                wait_until(lambda: 'pando' in self.told(), 'everything is told')
            return time.monotonic() - begun
        within(SOON_SECONDS, leave, 'everything is told')

    def test_a_refusal_is_followed_by_everything(self):
        pando = self.start()
        self.keys_of(pando, 'items?id=eq.1')
        self.await_purges()
        self.server.told.clear()
        self.server.statuses.extend([503, 500])
        self.postgres.sql("update items set name = 'one' where id = 1")
        wait_until(lambda: 'pando' in self.told(), 'everything is dropped')
        self.assertEqual([status for _, status, _ in self.server.told][:3], [503, 500, 200])

    def test_a_long_answer_is_told_by_its_table(self):
        pando = self.start()
        keys = self.keys_of(pando, 'items?id=gt.0&order=id')
        self.assertLess(len(keys), 6)
        self.assertLessEqual(set(keys) - {'pando'}, set(self.keys_of(pando, 'items?order=id')))

    def test_servers_with_one_secret_have_the_same_keys(self):
        keys = [self.keys_of(self.start(PANDO_CACHE_SURROGATE_SECRET=secret), 'items?id=eq.1') for secret in ('one', 'one', 'two')]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[0], keys[2])
        self.assertEqual(self.keys_of(self.start(), 'items?id=eq.1')[0], keys[0][0])

    def test_servers_of_one_database_have_the_same_keys(self):
        keys = [self.keys_of(self.start(), 'items?id=eq.1') for _ in range(2)]
        self.assertEqual(keys[0], keys[1])

    def test_what_is_no_url_is_refused(self):
        for url in ('localhost:80', 'https://localhost/', 'http://', 'http://user@localhost/', 'http://localhost:port/'):
            with self.subTest(url):
                with self.assertRaises(AssertionError) as refused:
                    self.pando(environment={'PANDO_CACHE_PURGE_URLS': url})
                self.assertIn('cache.purge_urls', str(refused.exception))


if __name__ == '__main__':
    unittest.main()
