"""A deployment of PostgREST goes on when only the program is changed: its variables, and its settings in the database."""
import json
import signal
import unittest

from processes import ITEMS, PostgrestPando, PrivatePostgres, quick_folder, roles, wait_until

ROLES = roles('anon')


class Postgrest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder))
        self.postgres.sql(ROLES + ITEMS)

    def serve(self, **environment):
        return self.enterContext(PostgrestPando(self.folder, self.postgres, **{'PGRST_DB_ANON_ROLE': None, **environment})).start()

    def test_variables_are_understood(self):
        pando = self.serve(PGRST_DB_SCHEMAS='public', PGRST_DB_ANON_ROLE='anon', PGRST_DB_MAX_ROWS='3')
        self.assertEqual(len(pando.json('/items')), 3)
        self.assertEqual(pando.status_of('/rest/v1/items'), 404)

    def test_without_an_anonymous_role_anonymous_callers_are_refused(self):
        pando = self.serve()
        status, _, body = pando.request('GET', '/items')
        self.assertEqual((status, json.loads(body)['code']), (401, 'PGRST302'))

    def test_settings_in_the_database_win_and_are_read_again_when_told(self):
        self.postgres.sql("alter role authenticator set pgrst.db_anon_role = 'anon';"
                          "alter role authenticator set pgrst.db_max_rows = '5'")
        pando = self.serve(PGRST_DB_MAX_ROWS='3')
        self.assertEqual(len(pando.json('/items')), 5)

        self.postgres.await_listener()
        self.postgres.sql("alter role authenticator set pgrst.db_max_rows = '7'; notify pgrst, 'reload config'")
        wait_until(lambda: len(pando.json('/items')) == 7, 'the new setting holds')
        self.postgres.sql('alter role authenticator reset pgrst.db_max_rows')
        pando.send(signal.SIGHUP)
        wait_until(lambda: len(pando.json('/items')) == 3, 'the variable holds again')

    def test_the_pre_config_function_makes_settings(self):
        self.postgres.sql("create function make_settings() returns void language sql as "
                          "$$ select set_config('pgrst.db_max_rows', '4', true),"
                          " set_config('pgrst.db_anon_role', 'anon', true) $$")
        pando = self.serve(PGRST_DB_PRE_CONFIG='public.make_settings')
        self.assertEqual(len(pando.json('/items')), 4)

    def test_settings_in_the_database_are_left_alone_when_told(self):
        self.postgres.sql("alter role authenticator set pgrst.db_max_rows = '5'")
        pando = self.serve(PGRST_DB_ANON_ROLE='anon', PGRST_DB_CONFIG='false')
        self.assertEqual(len(pando.json('/items')), 100)

    def test_a_wrong_setting_in_the_database_stops_the_start_and_is_named(self):
        self.postgres.sql("alter role authenticator set pgrst.db_max_rows = 'many'")
        with self.assertRaisesRegex(AssertionError, 'pgrst.db_max_rows in the database'):
            self.serve()


if __name__ == '__main__':
    unittest.main()
