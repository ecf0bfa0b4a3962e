"""Statements that take long hold up each other, and not those that are known to be cheap."""
import concurrent.futures
import unittest

from processes import ITEMS, PreparedPando, embedded_database, quick_folder, wait_until, write_project

CALLERS = 4  # more than there are connections for them
CALLERS_MAX = 40
LOCK = 4711
HELD = f'''
create function held() returns text language plpgsql volatile
  as $$ begin perform pg_advisory_xact_lock_shared({LOCK}); return 'done'; end $$;
grant execute on function held to anon;
'''


class Neighbours(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(quick_folder())
        config = write_project(folder, m0001_items=ITEMS, m0002_held=HELD)
        self.pando = self.enterContext(PreparedPando(folder, config, {'PANDO_DATABASE_CONNECTIONS_MAX': '4'}))
        self.pando.run('migrate')
        self.pando.start()

    def busy_connections(self):
        return self.pando.metric('pando_db_pool_connections', state='lent')

    def test_reads_by_key_are_answered_while_slow_calls_hold_every_other_connection(self):
        self.check_reads()

    def test_so_they_are_while_the_schema_is_not_known(self):
        with embedded_database(self.pando.folder).open('begin; lock table pg_catalog.pg_description in access exclusive mode;'):
            wait_until(lambda: self.pando.metric('pando_catalog_known') == 0, 'the schema cannot be looked at')
            self.check_reads()

    def check_reads(self):
        call = ('POST', '/rest/v1/rpc/held', '{}', {'Content-Type': 'application/json'})
        with concurrent.futures.ThreadPoolExecutor(CALLERS_MAX) as threads:
            with embedded_database(self.pando.folder).open(f'select pg_advisory_lock({LOCK});'):
                calls = [threads.submit(self.pando.request, *call) for _ in range(CALLERS)]

                def is_busy():
                    # The kernel may have given all callers to one event loop, which has one of the two connections.
                    if self.busy_connections() < 2 and len(calls) < CALLERS_MAX:
                        calls.append(threads.submit(self.pando.request, *call))
                    return self.busy_connections() >= 2
                wait_until(is_busy, 'the slow calls have their connections')
                for number in range(1, 21):
                    self.assertEqual(self.pando.json(f'/rest/v1/items?id=eq.{number}&select=id'), [{'id': number}])
                self.assertEqual([one.result()[0] for one in calls if one.done()], [], 'the reads waited for slow calls')
            statuses = {one.result()[0] for one in calls}
        # Those that waited too long for a connection were told so.
        self.assertLessEqual(statuses, {200, 504})


if __name__ == '__main__':
    unittest.main()
