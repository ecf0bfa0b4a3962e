"""Following the changes of a database: the schema is loaded again by itself, metrics tell how far the stream is, and what
the database does not offer is said once."""
import unittest

from processes import ITEMS, Pando, PreparedPando, PrivatePostgres, quick_folder, roles, wait_until, write_project

SCHEMA = roles('anon', 'authenticated') + '''
create table items (id int primary key, name text not null);
insert into items select i, 'item ' || i from generate_series(1, 10) i;
create table keyless (name text);
grant select, insert on items, keyless to anon;
alter default privileges in schema public grant select on tables to anon;
'''


class Changes(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = self.enterContext(PrivatePostgres(self.folder))
        self.postgres.sql(SCHEMA)

    def offer_changes(self):
        self.postgres.sql("alter system set wal_level = logical")
        self.postgres.stop()
        self.postgres.start()

    def pando(self):
        environment = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'),
                       'PANDO_CHANGES_ENABLED': 'true', 'PANDO_CHANGES_URL': self.postgres.uri()}
        return self.enterContext(Pando(self.folder, write_project(self.folder), environment)).start()

    def wait_for_stream(self, pando):
        wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is followed')

    def test_a_change_of_the_schema_is_noticed_without_being_told(self):
        self.offer_changes()
        pando = self.pando()
        self.wait_for_stream(pando)
        self.postgres.sql('create table others (id int primary key); insert into others values (7)')
        wait_until(lambda: pando.status_of('/rest/v1/others') == 200, 'the new table is served')
        self.assertEqual(pando.json('/rest/v1/others'), [{'id': 7}])
        self.postgres.sql('alter table others rename column id to number')
        wait_until(lambda: pando.status_of('/rest/v1/others?number=eq.7') == 200, 'the new column is known')
        wait_until(lambda: pando.metric('pando_changes_tables', state='published') == 2, 'the new table is published')

    def test_metrics_tell_what_came_and_how_old_it_is(self):
        self.offer_changes()
        pando = self.pando()
        self.wait_for_stream(pando)
        self.assertEqual(pando.metric('pando_changes_tables', state='published'), 1)
        self.assertEqual(pando.metric('pando_changes_tables', state='unpublished'), 1)
        self.assertIn('ALTER TABLE public.keyless', pando.log_text())
        before = pando.metric('pando_changes_rows_total')
        self.postgres.sql("insert into items select i, 'more' from generate_series(11, 40) i")
        wait_until(lambda: pando.metric('pando_changes_rows_total') - before == 30, 'the rows come')
        wait_until(lambda: 0 < pando.metric('pando_changes_age_seconds') < 1, 'heartbeats come back')
        wait_until(lambda: pando.metric('pando_changes_delay_seconds') < 1, 'they come soon')
        # Nobody is in the way of a table without a key.
        self.postgres.sql("insert into keyless values ('a'); update keyless set name = 'b'; delete from keyless")

    def test_it_goes_on_after_the_database_was_away_and_leaves_nothing_behind(self):
        self.offer_changes()
        pando = self.pando()
        self.wait_for_stream(pando)
        self.postgres.stop()
        wait_until(lambda: pando.metric('pando_changes_streaming') == 0, 'the break is seen')
        self.assertEqual(pando.metric('pando_changes_age_seconds'), 0)
        self.postgres.start()
        self.wait_for_stream(pando)
        self.assertEqual(pando.metric('pando_changes_breaks_total'), 1)
        self.postgres.sql('create table others (id int primary key)')
        wait_until(lambda: pando.status_of('/rest/v1/others') == 200, 'the new table is served')
        self.assertEqual(self.postgres.sql('select count(*) from pg_replication_slots'), '1')
        self.assertEqual(pando.stop(), 0)
        wait_until(lambda: self.postgres.sql('select count(*) from pg_replication_slots') == '0', 'the slot is gone')

    def test_what_is_missing_is_said_once_and_requests_are_served(self):
        pando = self.pando()
        wait_until(lambda: 'set wal_level = logical' in pando.log_text(), 'the log says what to do')
        self.assertEqual(len(pando.json('/rest/v1/items')), 10)
        self.assertEqual(pando.metric('pando_changes_streaming'), 0)
        self.offer_changes()
        self.wait_for_stream(pando)
        self.assertEqual(pando.log_text().count('set wal_level = logical'), 1)


class ChangesOfTheEmbedded(unittest.TestCase):
    def test_they_are_followed_without_any_setting_up(self):
        folder = self.enterContext(quick_folder())
        project = write_project(folder, m0001_items=ITEMS)
        pando = self.enterContext(PreparedPando(folder, project, {'PANDO_CHANGES_ENABLED': 'true'}))
        pando.run('migrate')
        pando.start()
        wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
        self.assertEqual(pando.metric('pando_changes_tables', state='published'), 1)
        status = pando.request('POST', '/rest/v1/items', '{"id": 1000, "name": "new"}', {'Content-Type': 'application/json'})[0]
        self.assertEqual(status, 201)
        wait_until(lambda: pando.metric('pando_changes_rows_total') >= 1, 'the row comes')
        self.assertEqual(pando.stop(), 0)


if __name__ == '__main__':
    unittest.main()
