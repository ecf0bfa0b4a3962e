"""Each rule of the cache has a scene that it alone decides, and perhaps more, RULE__CAUSE. The scenes are played with all rules, and then, by a build that
can switch rules off, each without its rule: then it must end badly, or it would prove nothing."""
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from cache_case import STALENESS_SECONDS
from processes import HOOKED, ROOT, Pando, PrivatePostgres, await_look, await_promise, needs_hooks, quick_folder, roles, token_of
from processes import wait_until, write_project

MEMBERSHIP_SECONDS = 1.5  # after which a role that left another has its rights no more

SCHEMA = roles('anon', 'authenticated') + '''
create table things (id int primary key, grp int not null, ver bigint not null);
insert into things select i, i % 10, 1 from generate_series(1, 100) i;
create role readers nologin;
create table shared (id int primary key, ver bigint not null);
insert into shared values (1, 1);
grant select on things to anon, authenticated;
grant update on things to anon, authenticated;
grant select on shared to readers;
grant readers to anon;
create table notes (id int primary key, owner text not null, grp int not null);
insert into notes values (1, 'me', 1), (2, 'you', 1);
create table members (grp int, who text);
insert into members values (1, 'me');
create table papers (id int primary key, grp int not null);
insert into papers values (1, 1);
alter table notes enable row level security;
alter table papers enable row level security;
create policy own on notes using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
create policy own on papers using (exists (select from members m where m.grp = papers.grp));
grant select on notes, papers, members to anon, authenticated;
create table places (id int primary key, name text);
insert into places values (1, 'here'), (2, 'there');
create table events (id int primary key, place_id int references places, name text);
insert into events values (1, 1, 'feast'), (2, 1, 'fair');
create table guests (id int primary key, event_id int references events, name text);
insert into guests values (1, 1, 'Ann');
create table bands (id int primary key, name text);
insert into bands values (1, 'drums'), (2, 'strings');
create table plays (event_id int references events, band_id int references bands, primary key (event_id, band_id));
insert into plays values (1, 1);
grant select on places, events, guests, bands, plays to anon;
create view opened as select id as number, ver from things where grp > 0;
create view tallies as select grp, count(*) as things from things group by grp;
create table parcels (id int primary key, depot text);
insert into parcels values (1, 'north'), (2, 'south');
alter table parcels enable row level security;
create policy here on parcels using (depot = current_setting('request.headers', true)::json ->> 'x-depot');
grant select on opened, tallies, parcels to anon;
create table parts (base int not null, code int generated always as (base * 10) stored primary key, ver bigint not null);
insert into parts (base, ver) select i, 1 from generate_series(1, 3) i;
create table texts (id int primary key, body text not null);
insert into texts values (1, 'the dog is running');
grant select on parts, texts to anon;
create role clerk nologin;
create role keeper nologin;
create table safe (id int primary key);
insert into safe values (1);
grant select on safe to clerk;
create view safes as select id from safe;
alter view safes owner to clerk;
grant select on safes to anon;
alter default privileges in schema public grant select on tables to anon;
'''


class Scenes(unittest.TestCase):
    """What can be seen in a browser, with a database at hand."""

    def play(self, name, rules_off='', program=None):
        with quick_folder() as folder:
            postgres = PrivatePostgres(folder, 'wal_level = logical\nmax_prepared_transactions = 5')
            with postgres:
                postgres.sql(SCHEMA)
                environment = {'PANDO_DATABASE_URL': postgres.uri('authenticator'), 'PANDO_CHANGES_URL': postgres.uri(),
                               'PANDO_CACHE_URL': 'memory:64MiB', 'PANDO_SERVER_LOOPS': '1', 'CACHE_RULES_OFF': rules_off}
                with Pando(folder, write_project(folder), environment, program=program) as pando:
                    pando.start()
                    self.pando, self.postgres, self.waiting = pando, postgres, []
                    try:
                        wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
                        self.assertEqual(self.keep('things?id=eq.100'), [{'id': 100, 'grp': 0, 'ver': 1}])
                        self.playing = True
                        getattr(self, 'scene_' + name)()
                    finally:
                        for process in self.waiting:
                            process.kill()
                            process.communicate()

    def get(self, path, **headers):
        status, headers, body = self.pando.request('GET', '/rest/v1/' + path, headers=headers)
        return status, 'hit' in (headers['Cache-Status'] or ''), body

    def see(self, path, **headers):
        return self.pando.json('/rest/v1/' + path, headers=headers)

    def keep(self, path, **headers):
        """Asks until the answer comes from the cache."""
        wait_until(lambda: self.get(path, **headers)[1], f'{path} is kept')
        return self.see(path, **headers)

    def while_young(self, look, prepare=lambda: None):
        """What look() returns when the cache may answer all that time: on a machine that is busy the stream is too old for a
        while, and the database answers in its place. prepare() comes before each try."""
        def ages():
            asked = time.monotonic()
            age = self.pando.metric('pando_changes_age_seconds')
            return 0 < age < STALENESS_SECONDS / 2 and (asked, age)

        def look_once():
            prepare()
            asked, age = wait_until(ages, 'the stream is young')
            seen = look()
            return age + time.monotonic() - asked < STALENESS_SECONDS and [seen]
        [seen] = wait_until(look_once, 'the stream is young')
        return seen

    def stays(self, look, expected, what):
        for _ in range(6):
            self.assertEqual(self.while_young(look), expected, f'{what} stays so')

    def becomes(self, path, expected, stays=True):
        """Within what the promise allows."""
        await_promise(lambda: self.see(path) == expected, f'{path} becomes {expected}', STALENESS_SECONDS)
        if stays:
            self.stays(lambda: self.see(path), expected, path)

    def is_refused(self, path, seconds=STALENESS_SECONDS):
        await_promise(lambda: self.get(path)[0] == 401, f'{path} is refused', seconds)
        self.stays(lambda: self.get(path)[0], 401, path)

    def psql(self, text):
        """In the background."""
        process = subprocess.Popen([self.postgres.binaries / 'psql', '-X', '-q', '-h', self.postgres.folder, '-U', 'postgres'],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        process.stdin.write(text + '\n')
        process.stdin.flush()
        self.waiting.append(process)
        return process

    def end(self, process, text=''):
        process.communicate(text, timeout=60)

    def alter(self, text):
        """Changes the schema, and waits until its catalog is there."""
        loads = self.pando.metric('pando_catalog_reloads_total', result='ok')
        self.postgres.sql(text)
        wait_until(lambda: self.pando.metric('pando_catalog_reloads_total', result='ok') > loads, 'it is loaded')

    def configure(self, name, value):
        self.postgres.sql(f"alter system set {name} = '{value}'; select pg_reload_conf()")

    def sql_json(self, text):
        return json.loads(self.postgres.sql(text))

    def of_group(self, group, *ids):
        return [{'id': id, 'grp': group, 'ver': 1} for id in ids]

    # -------------------------------------------------------------------------------------------------------- scenes

    def scene_row_tags(self):
        """A row that leaves its group tells its new group and its key."""
        path = 'things?grp=eq.1&id=lt.30&order=id'
        self.assertEqual(self.keep(path), self.of_group(1, 1, 11, 21))
        self.postgres.sql('update things set grp = 2 where id = 11')
        self.becomes(path, self.of_group(1, 1, 21))
        self.assertEqual(self.keep(path), self.of_group(1, 1, 21))
        self.postgres.sql('delete from things where id = 21')
        self.becomes(path, self.of_group(1, 1))

    def scene_equality_tags(self):
        """A row that comes into a group was no part of the answer."""
        path = 'things?grp=eq.1&id=gt.70&order=id'
        self.assertEqual(self.keep(path), self.of_group(1, 71, 81, 91))
        self.postgres.sql('update things set grp = 1 where id = 95')
        self.becomes(path, self.of_group(1, 71, 81, 91, 95))
        self.keep(path)
        self.postgres.sql('insert into things values (101, 1, 1)')
        self.becomes(path, self.of_group(1, 71, 81, 91, 95, 101))

    def scene_any_change_tags(self):
        path = 'things?ver=gt.1&order=id'
        self.assertEqual(self.keep(path), [])
        self.postgres.sql('update things set ver = 2 where id = 7')
        self.becomes(path, [{'id': 7, 'grp': 7, 'ver': 2}])

    def scene_embed_tags(self):
        """What is embedded below, through a junction, or only looked at."""
        below = 'places?select=id,events(id,guests(id,name))&id=eq.1&events.order=id'
        between = 'events?select=id,bands(name)&id=eq.1&bands.order=name'
        looked_at = 'events?select=id,places!inner()&places.name=eq.here&order=id'
        paths = [below, between, looked_at]
        for path in paths:
            self.keep(path)
        for text in ("update guests set name = 'Bob' where id = 1", 'insert into guests values (2, 2, null)',
                     'insert into plays values (1, 2)', 'delete from plays where band_id = 1',
                     'update events set place_id = 2 where id = 2', "update places set name = 'gone' where id = 1"):
            before = [self.see(path) for path in paths]
            self.postgres.sql(text)
            expected = {below: lambda: [{'id': 1, 'events': self.sql_json(
                            "select coalesce(json_agg(json_build_object('id', e.id, 'guests', (select coalesce(json_agg("
                            "json_build_object('id', g.id, 'name', g.name) order by g.id), '[]') from guests g "
                            "where g.event_id = e.id)) order by e.id), '[]') from events e where place_id = 1")}],
                        between: lambda: [{'id': 1, 'bands': self.sql_json(
                            "select coalesce(json_agg(json_build_object('name', name) order by name), '[]') from bands "
                            "join plays on band_id = id where event_id = 1")}],
                        looked_at: lambda: self.sql_json(
                            "select coalesce(json_agg(json_build_object('id', e.id) order by e.id), '[]') from events e "
                            "join places p on p.id = place_id where p.name = 'here'")}
            self.assertNotEqual([expected[path]() for path in paths], before, f'{text} changes something')
            for path in paths:
                self.becomes(path, expected[path]())
                self.keep(path)

    def scene_view_tags(self):
        """A view that shows rows as they are, and one that counts them."""
        shown, counted = 'opened?number=eq.5', 'tallies?grp=eq.5'
        self.assertEqual(self.keep(shown), [{'number': 5, 'ver': 1}])
        self.assertEqual(self.keep(counted), [{'grp': 5, 'things': 10}])
        self.postgres.sql('update things set ver = 2 where id = 5')
        self.becomes(shown, [{'number': 5, 'ver': 2}])
        self.postgres.sql('delete from things where id = 15')
        self.becomes(counted, [{'grp': 5, 'things': 9}])

    def scene_whole_tags(self):
        """More changes than are told one by one, and a TRUNCATE."""
        self.postgres.sql('insert into things select i, i % 1000, 1 from generate_series(1001, 30000) i')
        path = 'things?id=eq.29000'
        self.assertEqual(self.keep(path), self.of_group(0, 29000))
        self.postgres.sql('update things set ver = 3')
        self.becomes(path, [{'id': 29000, 'grp': 0, 'ver': 3}])
        self.keep(path)
        self.postgres.sql('truncate things')
        self.becomes(path, [])

    def scene_fill_check(self):
        """A commit that waits for a standby is in the stream before anybody sees it."""
        path = 'things?id=eq.5'
        self.postgres.sql("alter system set synchronous_standby_names = 'away'; select pg_reload_conf()")
        wait_until(lambda: self.postgres.sql('show synchronous_standby_names') == 'away', 'commits wait')
        # What is kept is dropped by the first two looks after the configuration was loaded.
        for _ in range(3):
            await_look(self.postgres, 'the configuration is in force')
        self.keep(path)
        shown = self.pando.metric('pando_changes_rows_total')
        writer = self.psql('update things set ver = 9 where id = 5;')
        wait_until(lambda: self.pando.metric('pando_changes_rows_total') > shown, 'the stream shows it')
        self.stays(lambda: self.see(path), self.of_group(5, 5), 'what nobody sees')
        # Not by the configuration: what is kept is dropped when that is loaded.
        self.postgres.sql("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
        self.end(writer)
        self.stays(lambda: self.see(path), [{'id': 5, 'grp': 5, 'ver': 9}], path)

    def scene_hold(self):
        """Who may see a row is a question of the schema."""
        self.keep('things?id=eq.5')
        self.postgres.sql('alter table things enable row level security')
        self.becomes('things?id=eq.5', [])
        self.postgres.sql('alter table things disable row level security')
        self.keep('things?id=eq.5')
        self.postgres.sql('revoke select on things from anon')
        self.is_refused('things?id=eq.5')

    def scene_fingerprint(self):
        """No event trigger tells that a role is no member of another any more."""
        self.assertEqual(self.keep('shared?id=eq.1'), [{'id': 1, 'ver': 1}])
        self.postgres.sql('revoke readers from anon')
        self.is_refused('shared?id=eq.1', MEMBERSHIP_SECONDS)

    def scene_fingerprint__owner(self):
        """REASSIGN OWNED fires no event trigger. A view reads as its owner, and the new one may not."""
        self.assertEqual(self.keep('safes'), [{'id': 1}])
        self.postgres.sql('reassign owned by clerk to keeper')
        self.is_refused('safes', MEMBERSHIP_SECONDS)

    def scene_fingerprint__settings(self):
        """Neither a row nor a catalog changes with the configuration of the server."""
        path = 'texts?body=fts.runs'
        self.configure('default_text_search_config', 'pg_catalog.english')
        wait_until(lambda: self.see(path) != [], 'the configuration is in force')
        self.assertEqual(self.keep(path), [{'id': 1, 'body': 'the dog is running'}])
        self.configure('default_text_search_config', 'pg_catalog.simple')
        self.becomes(path, [])

    def scene_fingerprint__database_settings(self):
        """A session that is open has the settings with which it began."""
        path = 'texts?body=fts.runs'
        self.postgres.sql("alter database postgres set default_text_search_config = 'pg_catalog.english'")
        wait_until(lambda: self.see(path) != [], 'the configuration is in force')
        self.assertEqual(self.keep(path), [{'id': 1, 'body': 'the dog is running'}])
        self.postgres.sql("alter database postgres set default_text_search_config = 'pg_catalog.simple'")
        self.becomes(path, [])

    def scene_fingerprint__publish(self):
        """A publication without INSERT does not even tell that it was altered."""
        path = 'things?grp=eq.1&id=gt.70&order=id'
        self.assertEqual(self.keep(path), self.of_group(1, 71, 81, 91))
        self.postgres.sql("alter publication pando set (publish = 'update, delete'); insert into things values (101, 1, 1)")
        self.becomes(path, self.of_group(1, 71, 81, 91, 101))
        self.keep(path)
        self.postgres.sql('insert into things values (111, 1, 1)')
        self.becomes(path, self.of_group(1, 71, 81, 91, 101, 111))

    def scene_publication(self):
        """Rows that a filter leaves out are not told."""
        self.alter('begin; alter publication pando drop table things;'
                   'alter publication pando add table things where (id < 50); commit')
        self.assertEqual(self.keep('things?id=eq.90'), self.of_group(0, 90))
        self.postgres.sql('update things set ver = 2 where id = 90')
        self.becomes('things?id=eq.90', [{'id': 90, 'grp': 0, 'ver': 2}])

    def scene_publication__columns(self):
        """Nor are columns that are not listed."""
        path = 'things?grp=eq.1&id=gt.70&order=id'
        self.alter('begin; alter publication pando drop table things;'
                   'alter publication pando add table things (id, ver); commit')
        self.assertEqual(self.keep(path), self.of_group(1, 71, 81, 91))
        self.postgres.sql('update things set grp = 1 where id = 95')
        self.becomes(path, self.of_group(1, 71, 81, 91, 95))

    def scene_identity(self):
        """The log does not tell a generated column, and with it which row is gone."""
        path = 'parts?base=eq.1'
        self.stays(lambda: self.see(path), [{'base': 1, 'code': 10, 'ver': 1}], path)
        self.postgres.sql('delete from parts where base = 1')
        self.becomes(path, [])

    def scene_visible_from(self):
        """What a transaction did to a table before that was published is never shown."""
        published = self.pando.metric('pando_changes_tables', state='published')
        writer = self.psql('create table late (id int primary key, ver bigint); insert into late values (1, 1);'
                           'begin; update late set ver = 2;')
        wait_until(lambda: self.pando.metric('pando_changes_tables', state='published') > published, 'it is published')
        wait_until(lambda: self.get('late?id=eq.1')[0] == 200, 'it is served')

        def is_offered():
            hit = self.get('late?id=eq.1')[1]
            return hit or self.pando.metric('pando_cache_fills_total', result='published') > 0
        wait_until(is_offered, 'an answer is offered')
        self.stays(lambda: self.see('late?id=eq.1'), [{'id': 1, 'ver': 1}], 'what is committed')
        self.end(writer, 'commit;\n')
        self.becomes('late?id=eq.1', [{'id': 1, 'ver': 2}])
        self.keep('late?id=eq.1')

    def scene_own_writes(self):
        """Who has written sees it, however far behind the stream is; others may see it later."""
        path = 'things?id=eq.6'
        sender = int(self.postgres.sql('select pid from pg_stat_replication'))
        versions = itertools.count(5)
        # A guest has the role of those without a token, and a name.
        for role in ('authenticated', 'anon'):
            me = {'Authorization': f'Bearer {token_of("me", role=role)}'}
            renewed = {'Authorization': f'Bearer {token_of("me", role=role, seconds=5000)}'}

            def write_and_look(**headers):
                version = next(versions)
                status, _, _ = self.pando.request('PATCH', '/rest/v1/' + path, f'{{"ver": {version}}}',
                                                  {'Content-Type': 'application/json', **me, **headers})
                self.assertEqual(status, 204)
                for mine in (me, renewed):
                    self.assertEqual(self.see(path, **mine), [{'id': 6, 'grp': 6, 'ver': version}], f'what I wrote as {role}')
                return version

            def keep():
                os.kill(sender, signal.SIGCONT)
                self.keep(path, **me)

            def write_behind_the_stream():
                os.kill(sender, signal.SIGSTOP)
                write_and_look()
            try:
                self.while_young(write_behind_the_stream, keep)
                write_and_look()
                last = write_and_look(Prefer='tx=commit')
            finally:
                os.kill(sender, signal.SIGCONT)
            self.assertEqual(self.keep(path, **me), [{'id': 6, 'grp': 6, 'ver': last}])

    def scene_claims(self):
        """A row of mine is no row of yours, and my next token shows what this one does."""
        path = 'notes?order=id'
        me, you = ({'Authorization': f'Bearer {token_of(name)}'} for name in ('me', 'you'))
        self.assertEqual(self.keep(path, **me), [{'id': 1, 'owner': 'me', 'grp': 1}])
        self.stays(lambda: self.see(path, **you), [{'id': 2, 'owner': 'you', 'grp': 1}], 'what is yours')
        self.stays(lambda: self.see(path), [], "nobody's")
        self.assertEqual(self.keep(path, **you), [{'id': 2, 'owner': 'you', 'grp': 1}])
        renewed = {'Authorization': f'Bearer {token_of("me", seconds=1000)}'}
        _, hit, _ = self.while_young(lambda: self.get(path, **renewed))
        self.assertTrue(hit, 'a new token of the same caller finds what the old one kept')
        self.assertEqual(self.see(path, **renewed), [{'id': 1, 'owner': 'me', 'grp': 1}])

    def scene_observes(self):
        """What a policy reads of the header is in no key."""
        path = 'parcels?order=id'
        for _ in range(6):
            for number, depot in ((1, 'north'), (2, 'south')):
                seen = self.while_young(lambda depot=depot: self.see(path, **{'X-Depot': depot}))
                self.assertEqual(seen, [{'id': number, 'depot': depot}])

    def scene_varies(self):
        """What a policy looks up elsewhere is not followed."""
        path = 'papers?id=eq.1'
        self.stays(lambda: self.see(path), [{'id': 1, 'grp': 1}], path)
        self.postgres.sql('delete from members')
        self.becomes(path, [])

    def scene_staleness(self):
        """A stream that stands still shows nothing."""
        path = 'things?id=eq.5'
        self.keep(path)
        sender = int(self.postgres.sql('select pid from pg_stat_replication'))
        os.kill(sender, signal.SIGSTOP)
        try:
            self.postgres.sql('update things set ver = 4 where id = 5')
            self.becomes(path, [{'id': 5, 'grp': 5, 'ver': 4}], stays=False)
        finally:
            os.kill(sender, signal.SIGCONT)
        self.keep(path)


NAMES = sorted(name.removeprefix('scene_') for name in dir(Scenes) if name.startswith('scene_'))


def rule_of(scene):
    return scene.partition('__')[0]


class WithAllRules(Scenes):
    def scene_dropped(self):
        path = 'things?id=eq.90'
        self.keep(path)
        for text in ('drop publication pando', 'alter publication pando drop table pando_changes.epoch',
                     'alter publication pando rename to another', 'drop schema pando_changes cascade'):
            with self.subTest(text):
                [row] = self.see(path)
                self.postgres.sql(f'{text}; update things set ver = ver + 1 where id = 90')
                self.becomes(path, [{**row, 'ver': row['ver'] + 1}])
                self.keep(path)

    def test_what_it_needs_in_the_database_is_made_again(self):
        self.play('dropped')


@needs_hooks
class WithoutTheRule(Scenes):
    def test_every_rule_that_can_be_switched_off_has_a_scene(self):
        names = re.findall(r'"(\w+)"', re.search(r'kNames\[\] = \{(.*?)\};', pathlib.Path(ROOT / 'src/cache/rules.cc').read_text(),
                                                 re.DOTALL)[1])
        self.assertEqual(sorted(names), sorted({rule_of(name) for name in NAMES}))


def add_tests(name):
    def with_it(self):
        self.play(name)

    def without_it(self):
        self.playing = False
        with self.assertRaises(AssertionError, msg='nothing noticed that the rule was missing') as noticed:
            self.play(name, rules_off=rule_of(name), program=HOOKED)
        # For what was seen, and not because the scene could not be set.
        self.assertTrue(self.playing, noticed.exception)
        self.assertNotRegex(str(noticed.exception),
                            'is kept|commits wait|the stream shows|is published|is served|is offered|is young|is loaded|in force')
        if os.environ.get('PANDO_CACHE_REPORT'):
            print(f'without {name}: {noticed.exception}')
    setattr(WithAllRules, f'test_{name}', with_it)
    setattr(WithoutTheRule, f'test_{name}', without_it)


for scene in NAMES:
    add_tests(scene)

if __name__ == '__main__':
    unittest.main()
