"""What a cache that keeps its promise shows, on a database of the tests' own."""
import concurrent.futures
import json
import re
import time
import unittest

from cache_case import STALENESS_SECONDS, CacheCase
from processes import Pando, PreparedPando, await_promise, roles, token_of, wait_until, within


class Cache(CacheCase):
    def setUp(self):
        super().setUp()
        self.postgres.sql(roles('anon', 'authenticated'))

    def shown(self, pando, path):
        """The ids that an answer shows, and whether it came from the cache."""
        _, fields, body = pando.request('GET', f'/rest/v1/{path}')
        return [row['id'] for row in json.loads(body)], 'hit' in fields['Cache-Status']

    def test_those_who_ask_at_once_ask_the_database_once(self):
        rounds, callers = 12, 16
        self.postgres.sql('create table wide (id int primary key, label int not null, ver int not null default 0);'
                          'insert into wide select i, i % 100 from generate_series(1, 60000) i; analyze wide; grant select on wide to anon')
        pando = self.pando(environment={'PANDO_SERVER_LOOPS': '1'})
        path = '/rest/v1/wide?select=ver&label=eq.7&order=id&limit=1'
        wait_until(lambda: 'hit' in pando.request('GET', path)[1]['Cache-Status'], 'it is kept')

        def asked():
            return sum(pando.metric('pando_db_lane_statements_total', lane=lane) for lane in ('key', 'quick'))
        before = asked()
        with concurrent.futures.ThreadPoolExecutor(callers) as threads:
            for number in range(rounds):
                self.postgres.sql(f'update wide set ver = {number + 1} where label = 7')
                wait_until(lambda: json.loads(pando.request('GET', path)[2])[0]['ver'] == number + 1, 'the change is shown')
                pando.request('GET', path)
                self.postgres.sql('update wide set label = label where label = 7')
                answers = list(threads.map(lambda _: json.loads(pando.request('GET', path)[2]), range(callers)))
                self.assertEqual(answers, [[{'ver': number + 1}]] * callers)
        self.assertLess(asked() - before, rounds * callers * 0.75)
        self.assertGreater(pando.metric('pando_cache_requests_total', result='joined'), 0)

    def test_what_is_slow_is_kept_too(self):
        """It runs alone, and whoever asks meanwhile waits for it."""
        self.postgres.sql("""create table reports (id int primary key, grp int);
          insert into reports select i, i % 7 from generate_series(1, 400000) i; grant select on reports to anon""")
        pando = self.pando(environment={'PANDO_REST_AGGREGATES_ENABLED': 'true'})
        path = '/rest/v1/reports?select=grp,count(),id.sum()&id=gt.5&order=grp'

        def look():
            status, fields, body = pando.request('GET', path)
            return status, 'hit' in (fields['Cache-Status'] or ''), json.loads(body)
        before = look()[2]
        wait_until(lambda: look()[1], 'it is kept')
        self.assertEqual(look(), (200, True, before))
        self.postgres.sql('insert into reports values (400001, 3)')
        await_promise(lambda: look()[2] != before, 'the row is counted', STALENESS_SECONDS)
        wait_until(lambda: look()[1], 'it is kept again')
        self.assertEqual(next(row for row in look()[2] if row['grp'] == 3)['count'],
                         next(row for row in before if row['grp'] == 3)['count'] + 1)

    def test_what_makes_settings_of_its_own_is_not_kept(self):
        self.postgres.sql("""create function before() returns void language sql stable as $$
            select 1 / (current_setting('request.headers')::json ->> 'x-in')::int $$;
          create table plain (id int primary key); insert into plain values (1); grant select on plain to anon""")
        pando = self.pando(environment={'PANDO_REST_PRE_REQUEST': 'public.before'})
        self.is_never_kept(pando, '/rest/v1/plain?id=eq.1', 'own_settings',
                           'the request needs settings of its own, for example for rest.pre_request or Prefer: timezone',
                           headers={'X-In': '1'})
        self.assertEqual(pando.request('GET', '/rest/v1/plain?id=eq.1', headers={'X-In': '0'})[0], 400)

    def test_words_for_the_time_are_no_dates(self):
        self.postgres.sql("""create table days (id int primary key, day date); grant select on days to anon;
          insert into days select i, current_date + i from generate_series(-3, 3) i""")
        pando = self.pando()
        for literal in ('today', 'now', 'tomorrow'):
            self.is_never_kept(pando, f'/rest/v1/days?day=lte.{literal}&order=id', 'unproven_filter',
                               'the result of a filter may depend on more than rows')
        path = '/rest/v1/days?day=gt.1999-12-31&order=id'
        wait_until(lambda: 'hit' in pando.request('GET', path)[1]['Cache-Status'], 'a date is kept')

    def test_nothing_is_made_unasked_in_the_database_of_somebody_else(self):
        self.postgres.sql('create table plain (id int primary key); grant select on plain to anon')
        settings = {'PANDO_DATABASE_URL': self.postgres.uri()}
        pando = self.enterContext(Pando(self.folder, self.project, settings)).start()
        status, fields, _ = pando.request('GET', '/rest/v1/plain?id=eq.1')
        self.assertEqual((status, fields['Cache-Status']), (200, None))
        self.assertIn('cache.off: the cache is off; to turn it on, set changes.url', pando.log_text())
        self.assertEqual(self.postgres.sql("select count(*) from pg_namespace where nspname like 'pando%'"), '0')

    def test_the_embedded_database_is_cached_and_left_in_peace_while_nobody_asks(self):
        migration = 'create table plain (id int primary key); insert into plain values (1); grant select on plain to anon;'
        (self.folder / 'migrations/0001_tables.sql').write_text(migration)
        with PreparedPando(self.folder, self.project) as pando:
            pando.run('migrate')
            pando.start()

            def hit():
                return 'hit' in (pando.request('GET', '/rest/v1/plain?id=eq.1')[1]['Cache-Status'] or '')
            wait_until(hit, 'it is kept')

            def ask_again():
                """How long it takes until it is found, which is up to five seconds where no heartbeat comes before its time."""
                wait_until(lambda: 1.5 < pando.metric('pando_changes_age_seconds') < 2.5, 'the heartbeats are rare')
                begun = time.monotonic()
                wait_until(hit, 'who asks again finds it')
                return time.monotonic() - begun
            within(2, ask_again, 'who asks again finds it')

    def test_tables_that_are_named_are_not_kept(self):
        self.postgres.sql("""create table hot (id int primary key, other int); insert into hot values (1, 1);
          grant select on hot to anon""")
        pando = self.pando(environment={'PANDO_CACHE_EXCLUDED_RELATIONS': 'public.hot,nothing'})
        self.is_never_kept(pando, '/rest/v1/hot?id=eq.1', 'excluded_table',
                           'cache.excluded_relations names a table of this read')

    def test_the_values_of_labels_are_words(self):
        self.postgres.sql('create table plain (id int primary key); grant select on plain to anon')
        pando = self.pando()
        for _ in range(10):
            pando.request('GET', '/rest/v1/plain?id=eq.1')
        pando.request('GET', '/rest/v1/nothing')
        text = pando.request('GET', '/metrics', admin=True)[2].decode()
        samples = [line for line in text.splitlines() if not line.startswith('#')]
        found = {(re.match(r'\w+', line)[0], *pair) for line in samples for pair in re.findall(r'(\w+)="([^"]*)"', line)}
        self.assertIn(('pando_cache_bypasses_total', 'reason', 'stale_stream'), found)
        self.assertIn(('pando_db_lane_batches_total', 'lane', 'key'), found)
        # Names that Pando does not choose: of HTTP, of the database, of loops and of versions, and bounds of buckets.
        foreign = {'method', 'route', 'status', 'loop', 'version', 'le'}
        odd = {one for one in found if one[1] not in foreign and not re.fullmatch('[a-z][a-z0-9_]*', one[2])}
        self.assertEqual(odd, set())

    def is_never_kept(self, pando, path, reason, why, headers=None):
        def told():
            return pando.request('GET', path, headers=headers)[1]['Cache-Status']
        wait_until(lambda: why in told(), f'{path} is not kept')
        # Each event loop remembers shapes of its own.
        self.assertLessEqual({told() for _ in range(40)}, {'pando; fwd=uri-miss', f'pando; fwd=bypass; detail="{why}"'})
        self.assertGreater(pando.metric('pando_cache_bypasses_total', reason=reason), 0)

    def test_what_policies_keep_from_being_shared_is_told_once(self):
        claims = "current_setting('request.jwt.claims', true)"
        self.postgres.sql('create table whole (id int primary key, org text); create table timed (id int primary key);'
                          'create table named (id int primary key, org text); grant select on whole, timed, named to anon;'
                          + ''.join(f'alter table {table} enable row level security;' for table in ('whole', 'timed', 'named')) +
                          f"create policy p on whole using (org = {claims}::jsonb #>> '{{app,org}}');"
                          f"create policy p on named using (org = {claims}::jsonb ->> 'org');"
                          'create policy p on timed using (now() > timestamptz \'2000-01-01\')')
        pando = self.pando()
        wait_until(lambda: 'cache.advice' in pando.log_text(), 'it is told')
        self.postgres.sql('create table more (id int primary key)')
        wait_until(lambda: pando.metric('pando_catalog_relations') == 4, 'another table is known')
        [told] = [line for line in pando.log_text().splitlines() if 'cache.advice' in line]
        self.assertIn('public.whole are cached for each token', told)
        self.assertIn('public.timed are not cached', told)
        self.assertNotIn('named', told)

    def test_texts_choose_rows_as_their_collation_has_it(self):
        self.postgres.sql("create collation folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                          'create table names (id int primary key, exact text, folded text collate folding);'
                          "insert into names select i, 'name ' || i, 'name ' || i from generate_series(1, 9) i;"
                          'grant select on names to anon')
        pando = self.pando()
        for column, upper in (('exact', []), ('folded', [7])):
            path = f'names?{column}=eq.name%203&order=id'
            wait_until(lambda: self.shown(pando, path) == ([3], True), f'{path} is kept')
            self.postgres.sql(f"update names set {column} = 'NAME 3' where id = 7")
            await_promise(lambda: self.shown(pando, path)[0] == [3, *upper], f'{path} is what it is now', STALENESS_SECONDS)
            wait_until(lambda: self.shown(pando, path)[1], f'{path} is kept again')
            self.postgres.sql(f"update names set {column} = 'name 3' where id = 8")
            await_promise(lambda: self.shown(pando, path)[0] == [3, *upper, 8], f'{path} has another one', STALENESS_SECONDS)
            self.assertEqual(self.shown(pando, path)[0], [3, *upper, 8])

    def becomes(self, pando, path, change, expected):
        """Keeps the answer of `path`, makes a change, and waits for what must come of it, also from the cache."""
        [kept] = wait_until(lambda: self.hit(pando, path), f'{path} is kept')
        self.assertNotEqual(kept, expected, 'the change would not be seen')
        self.postgres.sql(change)
        await_promise(lambda: pando.json(f'/rest/v1/{path}') == expected, f'{change}: {path} becomes {expected}', STALENESS_SECONDS)
        self.assertEqual(wait_until(lambda: self.hit(pando, path), f'{path} is kept again'), [expected])

    def hit(self, pando, path):
        _, fields, body = pando.request('GET', f'/rest/v1/{path}')
        return [json.loads(body)] if 'hit' in fields['Cache-Status'] else None

    def test_embedded_rows_are_followed(self):
        self.postgres.sql('create table makers (id int primary key, name text);'
                          "insert into makers values (1, 'a'), (2, 'b');"
                          'create table items (id int primary key, maker_id int references makers, name text);'
                          "insert into items values (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z'), (4, null, 'alone');"
                          'create table tags (id int primary key); create table item_tags (item_id int references items, '
                          'tag_id int references tags, primary key (item_id, tag_id));'
                          'grant select on makers, items, tags, item_tags to anon')
        pando = self.pando()
        one = 'items?select=id,makers(id,name)&id=eq.1'
        self.becomes(pando, one, "update makers set name = 'A' where id = 1", [{'id': 1, 'makers': {'id': 1, 'name': 'A'}}])
        self.becomes(pando, one, 'update items set maker_id = 2 where id = 1', [{'id': 1, 'makers': {'id': 2, 'name': 'b'}}])
        self.becomes(pando, one, "update makers set name = 'B' where id = 2", [{'id': 1, 'makers': {'id': 2, 'name': 'B'}}])
        self.becomes(pando, one, 'update items set maker_id = null where id = 1', [{'id': 1, 'makers': None}])
        hidden = 'items?select=id,maker_id,makers(name)&id=eq.3'
        self.becomes(pando, hidden, "update makers set name = 'bb' where id = 2",
                     [{'id': 3, 'maker_id': 2, 'makers': {'name': 'bb'}}])
        many = 'makers?select=id,items(id,name)&id=eq.1&items.order=id'
        self.becomes(pando, many, 'update items set maker_id = 1 where id = 4',
                     [{'id': 1, 'items': [{'id': 2, 'name': 'y'}, {'id': 4, 'name': 'alone'}]}])
        self.becomes(pando, many, "update items set name = 'Y' where id = 2",
                     [{'id': 1, 'items': [{'id': 2, 'name': 'Y'}, {'id': 4, 'name': 'alone'}]}])
        self.becomes(pando, many, 'update items set maker_id = 2 where id = 2', [{'id': 1, 'items': [{'id': 4, 'name': 'alone'}]}])
        self.becomes(pando, many, 'delete from items where id = 4', [{'id': 1, 'items': []}])
        self.becomes(pando, many, "insert into items values (9, 1, 'new')", [{'id': 1, 'items': [{'id': 9, 'name': 'new'}]}])
        nameless = 'makers?select=id,items(name)&id=eq.1'
        self.becomes(pando, nameless, 'delete from items where id = 9', [{'id': 1, 'items': []}])
        filtered = "makers?select=id,items(id)&id=eq.2&items.name=eq.w"
        self.becomes(pando, filtered, "update items set name = 'w' where id = 3", [{'id': 2, 'items': [{'id': 3}]}])
        self.becomes(pando, 'items?select=id,tags(id)&id=eq.1', 'insert into tags values (7); insert into item_tags values (1, 7)',
                     [{'id': 1, 'tags': [{'id': 7}]}])
        self.becomes(pando, 'items?select=id,makers!inner(name)&id=eq.1', 'update items set maker_id = 1 where id = 1',
                     [{'id': 1, 'makers': {'name': 'A'}}])
        self.becomes(pando, 'items?select=id,...makers(name)&id=eq.1', "update makers set name = 'AA' where id = 1",
                     [{'id': 1, 'name': 'AA'}])
        self.becomes(pando, 'makers?select=id,items(id,tags(id))&id=eq.1', 'delete from item_tags',
                     [{'id': 1, 'items': [{'id': 1, 'tags': []}]}])

    def test_a_hit_is_told_apart_from_one_of_somebody_who_signed_in(self):
        self.postgres.sql('create table public_things (id int primary key); insert into public_things values (1);'
                          'grant select on public_things to anon, authenticated')
        pando = self.pando()
        path, token = '/rest/v1/public_things?id=eq.1', {'Authorization': f'Bearer {token_of("me")}'}
        for headers, control in (({}, 'public, no-cache'), (token, 'private, no-cache')):
            wait_until(lambda: 'hit' in pando.request('GET', path, headers=headers)[1]['Cache-Status'], 'it is kept')
            _, fields, _ = pando.request('GET', path, headers=headers)
            self.assertEqual(fields['Cache-Control'], control)
            status, fields, body = pando.request('GET', path, headers={**headers, 'If-None-Match': fields['ETag']})
            self.assertEqual((status, body), (304, b''))
            self.assertIn('hit', fields['Cache-Status'])
        report = pando.json('/cache', admin=True)
        self.assertEqual(report['hottest'][0]['target'], path)
        self.assertGreaterEqual(report['answers'], 2)


if __name__ == '__main__':
    unittest.main()
