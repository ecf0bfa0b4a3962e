"""Statements that take long hold up each other, and not those that are known to be cheap."""
import concurrent.futures
import json
import unittest

from processes import ITEMS, Pando, folder_for_all, wait_until, write_project

SLOW_SECONDS = 5
CALLERS = 4  # more than there are connections for them
CALLERS_MAX = 40


class Neighbours(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(folder_for_all())
        config = write_project(folder, m0001_items=ITEMS)
        self.pando = self.enterContext(Pando(folder, config, {'PANDO_DATABASE_CONNECTIONS_MAX': '4'}))
        self.pando.run('migrate')
        self.pando.start()

    def busy_connections(self):
        metrics = self.pando.request('GET', '/metrics', admin=True)[2].decode()
        return sum(float(line.rsplit(' ', 1)[1]) for line in metrics.splitlines()
                   if line.startswith('pando_db_pool_connections{state="lent"}'))

    def test_reads_by_key_are_answered_while_slow_calls_hold_every_other_connection(self):
        call = ('POST', '/rest/v1/rpc/slow', json.dumps({'seconds': SLOW_SECONDS}), {'Content-Type': 'application/json'})
        with concurrent.futures.ThreadPoolExecutor(CALLERS_MAX) as threads:
            calls = [threads.submit(self.pando.request, *call) for _ in range(CALLERS)]

            def is_busy():
                # The kernel may have given all callers to one event loop, which has one of the two connections.
                if self.busy_connections() < 2 and len(calls) < CALLERS_MAX:
                    calls.append(threads.submit(self.pando.request, *call))
                return self.busy_connections() >= 2
            wait_until(is_busy, 'the slow calls have their connections')
            for number in range(1, 21):
                self.assertEqual(self.pando.json(f'/rest/v1/items?id=eq.{number}&select=id'), [{'id': number}])
            self.assertFalse(any(one.done() for one in calls), 'the reads waited for slow calls')
            statuses = {one.result()[0] for one in calls}
        # Those that waited too long for a connection were told so.
        self.assertLessEqual(statuses, {200, 504})


if __name__ == '__main__':
    unittest.main()
