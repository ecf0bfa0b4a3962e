"""pando bench against a double whose faults are known. What it says is checked, never how fast it is."""
import asyncio
import concurrent.futures
import json
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from processes import PROGRAM, free_port

SECONDS_MAX = 60
STALL_SECONDS = 1.0
STALL_AFTER = 1.5  # seconds from the first request
LATENESS_SECONDS = 0.05  # more shows in the percentiles


class Double:
    """An HTTP server on a thread of its own. The path says how a request is answered."""

    def __init__(self, tls=None):
        self.tls = tls
        self.port = free_port()
        self.targets = []
        self.bodies = []
        self.first = None
        self.stalled = False
        self.lateness = 0  # seconds, the most by which the thread woke up too late, but for the stall
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.ready.wait(SECONDS_MAX)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(SECONDS_MAX)

    def _serve(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self._connection, '127.0.0.1', self.port, backlog=1000, ssl=self.tls))
        self.loop.call_soon(self.ready.set)
        self.watch = self.loop.create_task(self._watch())
        self.loop.run_forever()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def _watch(self):
        while True:
            due, stalled = time.monotonic() + 0.01, self.stalled
            await asyncio.sleep(0.01)
            if stalled == self.stalled:
                self.lateness = max(self.lateness, time.monotonic() - due)

    async def _connection(self, reader, writer):
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        writer.close()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b'\r\n\r\n')).decode()
        length = next((int(line.split(':')[1]) for line in head.splitlines() if line.lower().startswith('content-length')), 0)
        body = await reader.readexactly(length)
        target = head.split()[1]
        self.targets.append(target)
        self.bodies.append(body.decode())
        self._stall(target)
        answer, stays = self._answer(target)
        if answer is None:
            await asyncio.sleep(SECONDS_MAX)
        writer.write(answer)
        await writer.drain()
        return stays

    def _stall(self, target):
        """Stands still once, whole, as a server whose disk or collector does."""
        if not target.startswith('/stall'):
            return
        self.first = self.first or time.monotonic()
        if not self.stalled and time.monotonic() - self.first > STALL_AFTER:
            self.stalled = True
            time.sleep(STALL_SECONDS)

    @staticmethod
    def _answer(target):
        plain = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
        if target.startswith('/chunked'):
            return b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', True
        if target.startswith('/error'):
            return b'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n', True
        if target.startswith('/garbage'):
            return b'what?\r\n\r\n', True
        if target.startswith('/close'):
            return b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', False
        if target.startswith('/until-close'):
            return b'HTTP/1.0 200 OK\r\n\r\nok', False
        if target.startswith('/cut'):
            return b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok', False
        if target.startswith('/never'):
            return None, False
        return plain, True


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix='pando-bench-')))
        self.double = self.enterContext(Double())

    def run_bench(self, *arguments, check=True, report='report'):
        done = subprocess.run([PROGRAM, 'bench', '--json', self.folder / f'{report}.json', '--csv', self.folder / f'{report}.csv',
                               *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def report(self, name='report'):
        return json.loads((self.folder / f'{name}.json').read_text())

    def points(self, *calls):
        """One second at 200 requests a second for each path with its arguments, all at the same time."""
        def point(number, call):
            path, *arguments = call
            self.run_bench('--url', f'http://127.0.0.1:{self.double.port}{path}', '--rate', '200', '--duration', '1s', '--seed', '1',
                           '--arrivals', 'constant', *arguments, report=f'report{number}')
            return self.report(f'report{number}')['points'][0]
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(point, range(len(calls)), calls))

    def stall(self):
        """What is said of a server that stalls, and how late it was besides."""
        with Double() as double:
            self.run_bench('--url', f'http://127.0.0.1:{double.port}/stall', '--rate', '200', '--duration', '4s',
                           '--connections', '8', '--arrivals', 'constant')
        self.assertTrue(double.stalled)
        return double.lateness, self.report()['points'][0]

    def test_a_stall_is_seen_in_the_percentiles(self):
        # What a busy machine adds is seen too, so the run to which it adds the least counts.
        runs = [self.stall()]
        while runs[-1][0] > LATENESS_SECONDS and len(runs) < 6:
            runs.append(self.stall())
        _, point = min(runs, key=lambda run: run[0])
        self.assertEqual(point['due'], 800)
        self.assertEqual(point['failed'], 0)
        # A quarter of the requests were due during the second, so a tenth waited more than 0.6 s. The few that were
        # under way are all that a closed loop would have seen.
        self.assertAlmostEqual(point['response_ms']['p90'], 600, delta=150)
        self.assertGreater(point['response_ms']['p99'], 850)
        self.assertLess(point['service_ms']['p90'], 300)
        self.assertGreater(point['service_ms']['max'], 850)

    def test_answers_of_every_framing_count(self):
        paths = ('/plain', '/chunked', '/close', '/until-close')
        for path, point in zip(paths, self.points(*((path,) for path in paths))):
            with self.subTest(path):
                self.assertEqual((point['due'], point['failed']), (200, 0))

    def test_each_way_to_fail_has_its_count(self):
        kinds = {'/error': 'status', '/garbage': 'malformed', '/cut': 'connection'}
        for (path, kind), point in zip(kinds.items(), self.points(*((path,) for path in kinds))):
            with self.subTest(path):
                self.assertEqual(point['failures'][kind], 200)
                self.assertIsNone(point['response_ms']['p50'])
                self.assertEqual(point['achieved'], 0)
                self.assertTrue(point['saturated'])

    def test_what_is_not_answered_or_not_sent_is_not_forgotten(self):
        # The warm-up has taken the only connection of the second.
        many, one = self.points(('/never', '--timeout', '1s', '--connections', '500'),
                                ('/never', '--timeout', '5s', '--connections', '1'))
        self.assertEqual(many['failures']['timeout'], 200)
        self.assertEqual(one['failures']['unsent'], 200)

    def test_a_scenario_draws_its_parameters_and_the_seed_repeats_them(self):
        scenario = self.folder / 'shop.toml'
        scenario.write_text(f'''
url = "http://127.0.0.1:{self.double.port}/base"
seed = 11
connections = 1
arrivals = "constant"
[parameters.id]
draw = "zipf"
to = 1000
[[requests]]
name = "read"
weight = 3
path = "/plain?id=eq.${{id}}"
[[requests]]
name = "write"
method = "POST"
path = "/plain"
body = '{{"id": ${{id}}}}'
[[phases]]
rate = 300
duration = "1s"
''')
        self.run_bench('--scenario', scenario)
        first, self.double.targets = self.double.targets, []
        kinds = {kind['name']: kind['answered'] for kind in self.report()['points'][0]['requests']}
        self.assertEqual(sum(kinds.values()), 300)
        self.assertGreater(kinds['read'], kinds['write'])
        self.assertEqual(len(first), 300)
        self.assertTrue(all(target.startswith('/base/plain') for target in first))
        self.assertTrue(any(body.startswith('{"id": ') for body in self.double.bodies))
        self.run_bench('--scenario', scenario)
        self.assertEqual(self.double.targets, first)
        self.assertEqual(len((self.folder / 'report.csv').read_text().splitlines()), 2)

    def test_a_certificate_must_be_trusted_unless_told_otherwise(self):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
                        '-keyout', self.folder / 'key.pem', '-out', self.folder / 'certificate.pem'], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / 'certificate.pem', self.folder / 'key.pem')
        with Double(context) as double:
            url = f'https://127.0.0.1:{double.port}/chunked'
            self.run_bench('--url', url, '--rate', '200', '--duration', '1s', '--insecure', '--arrivals', 'constant')
            point = self.report()['points'][0]
            self.assertEqual((point['due'], point['failed']), (200, 0))
            self.assertIn('--insecure', self.run_bench('--url', url, '--rate', '200', check=False).stderr)

    def test_the_knee_of_a_server_that_is_too_slow_is_none(self):
        done = self.run_bench('--find-knee', '--url', f'http://127.0.0.1:{self.double.port}/error', '--rate', '1',
                              '--duration', '1s')
        self.assertIn('no rate kept', done.stdout)
        self.assertEqual(self.report()['knee']['slo_knee'], 0)

    def test_what_is_asked_wrongly_is_told(self):
        nobody = f'http://127.0.0.1:{free_port()}/'
        (self.folder / 'bad.toml').write_text('conections = 3')
        for arguments, told in ((['--url', nobody, '--rate', '1'], 'cannot connect'),
                                (['--url', 'ftp://x', '--rate', '1'], 'http://'),
                                (['--url', nobody, '--rate', 'fast'], '--rate'),
                                (['--url', nobody], 'phases'),
                                ([], '--url'),
                                (['--scenario', str(self.folder / 'bad.toml')], 'did you mean "connections"?')):
            with self.subTest(arguments):
                done = self.run_bench(*arguments, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(told, done.stderr)


if __name__ == '__main__':
    unittest.main()
