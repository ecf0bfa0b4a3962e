"""Updates by key that come at once share transactions, and nobody notices: each caller changes exactly its own row or has its own
error, no two wait for each other in a circle, and what was acknowledged is there, whatever dies."""
import concurrent.futures
import json
import random
import threading
import unittest

from processes import roles, token_of
from writers_case import CALLERS, JSON, ROW, WritersCase

SEED = 20_261_129
UPDATES_EACH = 60
COUNTERS = 3

SCHEMA = roles('anon', 'authenticated') + f'''
create table kinds (id int primary key);
insert into kinds values (1), (2);
create table rows (id int primary key, n int not null default 0 check (n >= 0), kind int references kinds on update cascade);
insert into rows (id) select generate_series(0, {CALLERS - 1});
create table counters (id int primary key, n int not null default 0);
insert into counters select generate_series(1, {COUNTERS});
create table notes (id int primary key, owner text not null, text text);
insert into notes select i, 'user-' || i, '' from generate_series(0, {CALLERS - 1}) i;
alter table notes enable row level security;
create policy own on notes using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
create table logged (id int primary key, n int);
insert into logged select generate_series(0, {CALLERS - 1});
create table log (id int, n int);
create function log_it() returns trigger language plpgsql as $$ begin insert into log values (new.id, new.n); return new; end $$;
create trigger log after update on logged for each row execute function log_it();
create table above (id int primary key, n int);
create table below () inherits (above);
insert into above values (1, 0);
insert into below values (1, 0);
grant select, update on rows, counters, notes, logged, kinds, above, below to anon, authenticated;
grant insert on log to anon;
'''
HOLD = '''
do $$ begin
  for i in 1..60 loop perform from rows where id = 3 for update; perform pg_sleep(0.02); commit; perform pg_sleep(0.01); end loop;
end $$'''


class Updates(WritersCase):
    SCHEMA = SCHEMA
    # Less than what a shared statement may take, so that a circle is found before that ends it.
    SETTINGS = 'deadlock_timeout = 5ms'

    def shared(self):
        return self.pando.metric('pando_db_lane_statements_total', lane='write')

    def test_each_changes_its_own_row_or_has_its_own_error(self):
        def caller(number, send):
            chance, wrong, stored = random.Random(SEED + number), [], 0
            for i in range(1, UPDATES_EACH + 1):
                target, change, expected = f'rows?id=eq.{number}', {'n': i}, None
                if chance.random() < 0.1:
                    target, change, expected = chance.choice([
                        (target, {'n': -1}, (400, '23514')), (target, {'n': i, 'kind': 9}, (409, '23503')),
                        (target, {'n': 'x'}, (400, '22P02')), ('rows?id=eq.none', change, (400, '22P02')),
                        ('rows?id=eq.1000', change, (406, 'PGRST116')), (target + f'&n=eq.{i}', change, (406, 'PGRST116'))])
                status, body = send('PATCH', target, change, ROW)
                got = (status, body.get('code')) if status >= 400 else (status, body)
                if expected is None:
                    stored = i
                    expected = (200, {'id': number, 'n': i, 'kind': None})
                if got != expected:
                    wrong.append(f'{target} {change}: {status} {body}')
            status, body = send('GET', f'rows?id=eq.{number}', None, ROW)
            return wrong if body['n'] == stored else [*wrong, f'{body} where {stored} was stored']
        self.assertEqual(self.in_turns(caller)[:5], [])
        self.assertGreater(self.shared(), 0)

    def test_of_those_who_change_what_they_have_seen_one_succeeds(self):
        def caller(number, send):
            done = []
            for i in range(UPDATES_EACH):
                counter = (number + i) % COUNTERS + 1
                status, row = send('GET', f'counters?id=eq.{counter}', None, ROW)
                self.assertEqual(status, 200)
                status, _ = send('PATCH', f'counters?id=eq.{counter}&n=eq.{row["n"]}', {'n': row['n'] + 1}, ROW)
                self.assertIn(status, (200, 406))
                done += [counter] * (status == 200)
            return done
        done = self.in_turns(caller)
        stored = self.postgres.sql('select n from counters order by id').split('\n')
        self.assertEqual(stored, [str(done.count(counter)) for counter in range(1, COUNTERS + 1)])
        self.assertGreater(self.shared(), 0)

    def test_rows_that_many_change_are_waited_for_in_no_circle(self):
        def caller(number, send):
            chance = random.Random(SEED + number)
            return [send('PATCH', f'rows?id=eq.{chance.randrange(8)}', {'n': i}, JSON)[0] for i in range(UPDATES_EACH)]
        # Somebody else holds one now and then, so that many come to wait.
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            held = beside.submit(self.postgres.sql, HOLD)
            self.assertEqual(set(self.in_turns(caller)), {204})
            held.result()
        self.assertNotIn('deadlock detected', (self.postgres.folder / 'log').read_text(encoding='utf-8'))

    def test_each_changes_as_itself(self):
        def caller(number, send):
            headers = {**JSON, 'Prefer': 'return=representation', 'Authorization': f'Bearer {token_of(f"user-{number}")}'}
            wrong = []
            for i in range(UPDATES_EACH):
                whose = number if i % 2 else (number + i) % CALLERS
                status, rows = send('PATCH', f'notes?id=eq.{whose}', {'text': f'by user-{number}'}, headers)
                if status != 200 or len(rows) != (whose == number):
                    wrong.append(f'{number} {whose}: {status} {rows}')
            return wrong
        self.assertEqual(self.in_turns(caller)[:5], [])
        self.assertEqual(self.postgres.sql("select count(*) from notes where text <> 'by ' || owner"), '0')

    def test_what_does_more_goes_alone_and_keeps_its_meaning(self):
        def caller(number, send):
            return [send('PATCH', f'logged?id=eq.{number}', {'n': i}, JSON)[0] for i in range(10)]
        self.assertEqual(set(self.in_turns(caller)), {204})
        self.assertEqual(self.postgres.sql('select count(*), count(distinct (id, n)) from log'), f'{CALLERS * 10}|{CALLERS * 10}')
        # Two rows of one key: neither may be changed when one was asked for.
        status, _, body = self.pando.request('PATCH', '/rest/v1/above?id=eq.1', '{"n": 1}', ROW)
        self.assertEqual((status, json.loads(body)['code']), (406, 'PGRST116'))
        limited = {**JSON, 'Prefer': 'handling=strict, max-affected=0'}
        status, _, body = self.pando.request('PATCH', '/rest/v1/rows?id=eq.1', '{"n": 1}', limited)
        self.assertEqual((status, json.loads(body)['code']), (400, 'PGRST124'))
        self.assertEqual(self.postgres.sql('select n from above union all select n from rows where id = 1'), '0\n0\n0')
        self.assertEqual(self.shared(), 0)

    def test_what_was_acknowledged_is_there_though_backends_die(self):
        over, acknowledged, refused = threading.Event(), [0] * CALLERS, []

        def write(number):
            n = 0
            while not over.is_set():
                n += 1
                status, _, body = self.pando.request('PATCH', f'/rest/v1/rows?id=eq.{number}', json.dumps({'n': n}), JSON)
                if status == 204:
                    acknowledged[number] = n
                else:
                    refused.append((status, json.loads(body)['code']))
            return n
        sent = self.while_backends_die(write, over, lambda: sum(acknowledged))
        stored = [int(n) for n in self.postgres.sql('select n from rows order by id').split('\n')]
        lost = [row for row in range(CALLERS) if not acknowledged[row] <= stored[row] <= sent[row]]
        self.assertEqual(lost, [])
        self.assertEqual({status for status, _ in refused} - {503}, set())


if __name__ == '__main__':
    unittest.main()
