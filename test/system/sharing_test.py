"""Requests that share connections, batches and pools see nothing of each other: claims, roles, headers, settings, temporary
tables, advisory locks.

Many callers ask at once for what they may and may not see, while some of them call functions that leave everything behind
that a function can leave; every answer is checked. Few connections, so that each is used by everybody.
"""
import concurrent.futures
import http.client
import itertools
import json
import random
import threading
import unittest

from processes import PreparedPando, quick_folder, token_of, wait_until, write_project

CALLERS = 24
REQUESTS_EACH = 150
OWNERS = 12
ROWS = 240
SEED = 20_261_124

# leave() leaves what it can, under the label that its name says; a view and a policy call it too.
LEAVE = '''
  perform set_config('request.jwt.claims', '{"sub": "left behind", "role": "service_role"}', false),
          set_config('request.headers', '{"x-shop": "left behind"}', false),
          set_config('left.behind', 'yes', false), set_config('statement_timeout', '1h', false),
          set_config('search_path', 'pg_temp', false), set_config('timezone', 'Asia/Tokyo', false),
          pg_advisory_lock(4711), pg_advisory_lock_shared(4712);
'''
SCHEMA = f'''
create table orders (id int primary key, owner text not null);
insert into orders select i, 'user-' || i % {OWNERS} from generate_series(1, {ROWS}) i;
alter table orders enable row level security;
create policy own on orders using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');

create table visits (id int primary key, shop text not null);
insert into visits select i, 'shop-' || i % {OWNERS} from generate_series(1, {ROWS}) i;
alter table visits enable row level security;
create policy here on visits using (shop = current_setting('request.headers', true)::json ->> 'x-shop');

create table mine (id int primary key, who name not null);
insert into mine values (1, 'anon'), (2, 'authenticated');
alter table mine enable row level security;
create policy own on mine using (who = current_user);

-- Labelled as what they are not: a plan that is kept would hold what they gave to another caller.
create function whose() returns text language sql immutable as
  $$ select current_setting('request.jwt.claims', true)::json ->> 'sub' $$;
create function whose_too() returns text language plpgsql immutable as
  $$ begin return current_setting('request.jwt.claims', true)::json ->> 'sub'; end $$;
create table stamped (id int primary key, owner text not null);
insert into stamped select i, 'user-' || i % {OWNERS} from generate_series(1, {ROWS}) i;
alter table stamped enable row level security;
create policy own on stamped using (owner = whose());
create table stamped_too (id int primary key, owner text not null);
insert into stamped_too select i, 'user-' || i % {OWNERS} from generate_series(1, {ROWS}) i;
alter table stamped_too enable row level security;
create policy own on stamped_too using (owner = whose_too());

-- Keeps a plan for the session, from PostgreSQL 18 on.
create function first_stamped() returns int language sql stable as $$ select min(id) from stamped $$;

create table items (id int primary key, name text not null);
insert into items select i, 'item ' || i from generate_series(1, {ROWS}) i;

create function leave_volatile() returns void language plpgsql volatile as $$ begin {LEAVE}
  create temp table if not exists orders (id int primary key, owner text); perform set_config('role', 'anon', false); end $$;
create function leave_stable() returns boolean language plpgsql stable as $$ begin {LEAVE} return true; end $$;
create function leave_immutable(id int) returns boolean language plpgsql immutable as $$ begin {LEAVE} return true; end $$;
create view leaving as select id, leave_stable() as left_behind from items where id = 1;
create table trapped (id int primary key);
insert into trapped values (1);
alter table trapped enable row level security;
create policy trap on trapped using (leave_immutable(id));

create function seen() returns json language plpgsql volatile as $$ begin return json_build_object(
  'role', current_user, 'sub', nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub',
  'shop', nullif(current_setting('request.headers', true), '')::json ->> 'x-shop',
  'left', nullif(current_setting('left.behind', true), ''), 'timeout', current_setting('statement_timeout'),
  'path', current_setting('search_path'), 'zone', current_setting('timezone'),
  'locks', (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
  'temporary', (select count(*) from pg_class where relpersistence = 't')); end $$;

-- What is kept as text is analysed (introspect/sql_body.h), and shared while it is quick.
create function who() returns json language sql stable as $$ select json_build_object(
  'role', current_user, 'sub', current_setting('request.jwt.claims', true)::json ->> 'sub') $$;

grant select on orders, visits, stamped, stamped_too, mine, items, leaving, trapped to anon, authenticated;
grant execute on all functions in schema public to anon, authenticated;
'''


NAP = '''
create function nap(seconds float8, number int) returns int language sql volatile
  as $$ select number from pg_sleep(seconds) $$;
grant execute on function nap to anon;
'''


class Caller:
    """Somebody with a connection and a seed of their own; signed in, or anonymous when `subject` is None."""

    def __init__(self, port, number):
        self.random = random.Random(SEED + number)
        self.subject = f'user-{number % OWNERS}' if number % 3 else None
        self.shop = f'shop-{self.random.randrange(OWNERS)}'
        self.role = 'authenticated' if self.subject else 'anon'
        self.headers = {'X-Shop': self.shop, **({'Authorization': f'Bearer {token_of(self.subject)}'} if self.subject else {})}
        self.http = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
        self.wrong = []

    def ask(self, method, path):
        self.http.request(method, f'/rest/v1/{path}', headers=self.headers)
        answer = self.http.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body else None

    def expect(self, what, answered, expected):
        if answered != (200, expected):
            self.wrong.append(f'{self.role} {self.subject} at {self.shop}: {what}: {answered} rather than {expected}')

    def see_row(self, table, row, visible):
        self.expect(f'{table} {row["id"]}', self.ask('GET', f'{table}?id=eq.{row["id"]}'), [row] if visible else [])

    def see_order(self, table='orders'):
        key = self.random.randint(1, ROWS)
        owner = f'user-{key % OWNERS}'
        self.see_row(table, {'id': key, 'owner': owner}, owner == self.subject)

    def see_stamped(self):
        self.see_order(self.random.choice(['stamped', 'stamped_too']))

    def see_first_stamped(self):
        expected = [key for key in range(1, ROWS + 1) if f'user-{key % OWNERS}' == self.subject]
        self.expect('the first', self.ask('GET', 'rpc/first_stamped'), min(expected, default=None))

    def see_orders(self):
        expected = [{'id': key} for key in range(1, ROWS + 1) if f'user-{key % OWNERS}' == self.subject]
        self.expect('orders', self.ask('GET', 'orders?select=id&order=id'), expected)

    def see_who(self):
        self.expect('who', self.ask('GET', 'rpc/who'), {'role': self.role, 'sub': self.subject})

    def see_some(self):
        key = self.random.randint(1, ROWS)
        expected = [{'id': key, 'owner': self.subject}] if f'user-{key % OWNERS}' == self.subject else []
        self.expect('some', self.ask('GET', f'orders?owner=eq.user-{key % OWNERS}&id=gte.{key}&order=id&limit=1'), expected)

    def see_visit(self):
        key = self.random.randint(1, ROWS)
        shop = f'shop-{key % OWNERS}'
        self.see_row('visits', {'id': key, 'shop': shop}, shop == self.shop)

    def see_mine(self):
        key, role = self.random.choice([(1, 'anon'), (2, 'authenticated')])
        self.see_row('mine', {'id': key, 'who': role}, role == self.role)

    def see_item(self):
        key = self.random.randint(1, ROWS)
        self.see_row('items', {'id': key, 'name': f'item {key}'}, True)

    def see_all(self):
        status, seen = self.ask('POST', 'rpc/seen')
        # Of what may write: what the request has left when it is sent, less an eighth at most.
        limit = seen.get('timeout') if status == 200 else None
        if limit and limit.endswith('ms') and 0 < int(limit[:-2]) < 30_000:
            seen['timeout'] = 'its own'
        self.expect('seen', (status, seen),
                    {'role': self.role, 'sub': self.subject, 'shop': self.shop, 'left': None, 'timeout': 'its own',
                     'path': '"public", "public"', 'zone': 'UTC', 'locks': 0, 'temporary': 0})

    def leave(self):
        method, path = self.random.choice([('POST', 'rpc/leave_volatile'), ('GET', 'rpc/leave_stable'), ('GET', 'leaving'),
                                           ('GET', 'trapped?id=eq.1'), ('GET', 'rpc/leave_immutable?id=1')])
        status = self.ask(method, path)[0]
        if status >= 500:
            self.wrong.append(f'{method} {path}: {status}')

    def run(self):
        kinds = [self.see_order] * 6 + [self.see_visit] * 4 + [self.see_mine] * 4 + [self.see_item] * 6 + [self.see_stamped] * 4 + \
            [self.see_who, self.see_some, self.see_first_stamped] * 4 + [self.see_orders, self.see_all, self.see_all, self.leave, self.leave]
        for _ in range(REQUESTS_EACH):
            self.random.choice(kinds)()
        self.http.close()
        return self.wrong


class Sharing(unittest.TestCase):
    def test_nothing_of_a_request_reaches_another(self):
        folder = self.enterContext(quick_folder())
        config = write_project(folder, m0001_all=SCHEMA)
        pando = self.enterContext(PreparedPando(folder, config, {'PANDO_DATABASE_CONNECTIONS_MAX': '6'}))
        pando.run('migrate')
        pando.start()
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as threads:
            callers = [Caller(pando.port, number) for number in range(CALLERS)]

            def call_and_share():
                wrong = [line for found in threads.map(Caller.run, callers) for line in found]
                self.assertEqual(wrong[:10], [], f'{len(wrong)} answers')
                return all(pando.metric('pando_db_lane_statements_total', lane=lane) > 100 for lane in ('key', 'quick'))
            wait_until(call_and_share, 'statements are shared')

    def test_what_turns_slow_among_quick_ones_is_answered_all_the_same(self):
        folder = self.enterContext(quick_folder())
        config = write_project(folder, m0001_all=NAP)
        pando = self.enterContext(PreparedPando(folder, config))
        pando.run('migrate')
        pando.start()

        trusted, over = threading.Event(), threading.Event()

        def nap_often(number):
            chance = random.Random(SEED + number)
            connection = http.client.HTTPConnection('127.0.0.1', pando.port, timeout=60)
            for turn in itertools.count():
                if turn >= 100 and over.is_set():
                    break
                seconds = 0.2 if trusted.is_set() and chance.random() < 0.05 else 0
                given = number * 1_000_000 + turn
                connection.request('GET', f'/rest/v1/rpc/nap?seconds={seconds}&number={given}')
                answer = connection.getresponse()
                self.assertEqual((answer.status, json.loads(answer.read())), (200, given))
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            callers = [threads.submit(nap_often, number) for number in range(16)]
            try:
                wait_until(lambda: pando.metric('pando_db_lane_statements_total', lane='quick') > 100, 'the shape is trusted')
                trusted.set()
                wait_until(lambda: pando.metric('pando_db_lane_stops_total', lane='quick') > 0, 'a slow one is stopped')
            finally:
                over.set()
            for caller in callers:
                caller.result()


if __name__ == '__main__':
    unittest.main()
