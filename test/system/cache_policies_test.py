"""Tries to get one caller's rows to another: random policies, views, callers, writes and changes of policies, and every answer
compared with what the database says to that caller. What is kept must be what would be read.

PANDO_POLICY_ROUNDS makes it longer, PANDO_POLICY_SEED another one.
"""
import json
import os
import random
import unittest

from processes import HOOKED, WAIT_SECONDS_MAX, Pando, PrivatePostgres, needs_hooks, quick_folder, roles, token_with, wait_until
from processes import write_project

ROUNDS = int(os.environ.get('PANDO_POLICY_ROUNDS', '25'))
SEED = int(os.environ.get('PANDO_POLICY_SEED', '20261128'))
TABLES = [f't{i}' for i in range(6)]
VIEWS = [f'v{i}' for i in range(3)]  # of the tables of the same numbers
ROWS = 40
OWNERS, ORGS = ['u1', 'u2', 'u3'], ['o1', 'o2']
CLAIMS = "current_setting('request.jwt.claims', true)"

SCHEMA = roles('anon', 'authenticated') + f"""
create schema who;
grant usage on schema who to anon, authenticated;
create function who.uid() returns text language sql stable as $$ select coalesce(nullif(current_setting(
  'request.jwt.claim.sub', true), ''), (nullif({CLAIMS}, '')::jsonb ->> 'sub')) $$;
create function who.jwt() returns jsonb language sql stable as $$ select nullif({CLAIMS}, '')::jsonb $$;
create function who.supabase_jwt() returns jsonb language sql stable as $$ select coalesce(nullif(current_setting(
  'request.jwt.claim', true), ''), nullif({CLAIMS}, ''))::jsonb $$;
create function who.not_just_jwt() returns jsonb language sql stable as $$ select nullif({CLAIMS}, '')::jsonb
  where current_setting('request.headers', true)::json ->> 'x-org' is null $$;
create function who.org() returns text language sql stable security definer set search_path = '' return
  {CLAIMS}::json ->> 'org';
create function who.wrongly_immutable() returns text language sql immutable as $$ select {CLAIMS}::json ->> 'sub' $$;
create function who.in_plpgsql() returns text language plpgsql stable as $$ begin return {CLAIMS}::json ->> 'sub'; end $$;
create table members (org text, sub text);
insert into members values ('o1', 'u1'), ('o1', 'u2'), ('o2', 'u3');
grant select on members to anon, authenticated;
""" + ''.join(f"""
create table {table} (id int primary key, owner text, org text, level int not null, at timestamptz not null default now());
insert into {table} select i, 'u' || i % 4, 'o' || i % 3, i % 5, now() - interval '1 hour' from generate_series(1, {ROWS}) i;
alter table {table} enable row level security;
grant select on {table} to anon, authenticated;
""" for table in TABLES)

ATOMS = (
    "owner = {claims}::json ->> 'sub'",
    "org = ({claims}::jsonb ->> 'org')",
    "owner = who.uid()",
    "(select who.uid()) = owner",
    "org = who.org()",
    "org = any (string_to_array(nullif({claims}, '')::json ->> 'orgs', ','))",
    "level::text = {claims}::jsonb -> 'app' ->> 'level'",
    "level <= coalesce(({claims}::json ->> 'level')::int, 0)",
    "({claims}::jsonb -> 'orgs') is not null",
    "who.jwt() ->> 'org' = org",
    "(select who.supabase_jwt()) ->> 'sub' = owner",
    "who.supabase_jwt() -> 'app' ->> 'level' = level::text",
    "coalesce({claims}, '{{{{}}}}')::jsonb ->> 'org' = org",
    "(select who.not_just_jwt() ->> 'org') = org",
    "who.supabase_jwt() ? 'orgs'",
    "{claims}::jsonb #>> '{{app,level}}' = level::text",
    "{claims} like '%\"o1\"%'",
    "owner = who.wrongly_immutable()",
    "owner = who.in_plpgsql()",
    "current_user = 'authenticated'",
    "level > 2",
    "owner like 'u%' and level between 1 and 3",
    "org = current_setting('request.headers', true)::json ->> 'x-org'",
    "current_setting('request.path', true) like '%t1'",
    "exists (select from members m where m.org = {table}.org and m.sub = {claims}::json ->> 'sub')",
    "at < now()",
    "case when owner is null then true else lower(owner) = 'u1' end",
)


def callers():
    """Several tokens for the same claims, and callers that differ in one claim."""
    found = [{'role': 'anon'}]
    for sub in OWNERS:
        for org in ORGS:
            found.append({'role': 'authenticated', 'sub': sub, 'org': org, 'iat': len(found)})
    found.append({**found[1], 'iat': 77, 'session': 'another'})
    found.append({**found[2], 'orgs': 'o1,o2', 'level': 2, 'app': {'level': '3'}})
    found.append({**found[2], 'orgs': 'o2', 'level': 4, 'app': {'level': '1'}})
    found.append({**found[3], 'org': None})
    return found


class Policies(unittest.TestCase):
    def play(self, rules_off='', program=None):
        self.dice = random.Random(SEED)
        self.patience_seconds = WAIT_SECONDS_MAX if not rules_off else 10  # it ends badly anyway
        folder = self.enterContext(quick_folder())
        self.postgres = PrivatePostgres(folder, 'wal_level = logical')
        self.enterContext(self.postgres)
        self.postgres.sql(SCHEMA + ''.join(self.new_policy(table) for table in TABLES) + ''.join(map(self.new_view, VIEWS)))
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_CHANGES_URL': self.postgres.uri(),
                    'PANDO_CACHE_URL': 'memory:64MiB', 'PANDO_SERVER_LOOPS': '1', 'CACHE_RULES_OFF': rules_off}
        self.pando = self.enterContext(Pando(folder, write_project(folder), settings, program=program)).start()
        wait_until(lambda: self.pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
        self.callers = callers()
        self.hits = self.reads = 0
        for number in range(ROUNDS):
            self.check_round(number)

    def check_round(self, number):
        if number:
            self.postgres.sql('begin;' + self.change() + 'commit;')
        asks = self.asks(40)
        truths = self.truths(asks)
        told = f'seed {SEED}, round {number}'
        # The stream and the catalog take their moment after a change, in which a policy may miss the settings that it
        # reads by now; from then on nothing else may be seen.
        wait_until(lambda: all(self.seen(ask) == truth for ask, truth in zip(asks, truths)), told, self.patience_seconds)
        for _ in range(4):
            for place in self.dice.sample(range(len(asks)), len(asks)):
                self.assertEqual(self.seen(asks[place]), truths[place], f'{told}: {asks[place]}')

    def expression(self, table, depth):
        kind = self.dice.choice(['atom', 'atom', 'and', 'or', 'not']) if depth else 'atom'
        if kind == 'atom':
            return '(' + self.dice.choice(ATOMS).format(claims=CLAIMS, table=table) + ')'
        if kind == 'not':
            return f'(not {self.expression(table, depth - 1)})'
        return f'({self.expression(table, depth - 1)} {kind} {self.expression(table, depth - 1)})'

    def new_policy(self, table):
        return f'drop policy if exists p on {table}; create policy p on {table} for select using {self.expression(table, 2)};'

    def new_view(self, view):
        """Its owner is shown every row; with security_invoker the caller's policies count as well."""
        table, invoker = view.replace('v', 't'), self.dice.choice(['', 'with (security_invoker)'])
        where = self.dice.choice(['true', self.expression(table, 1)])
        return (f'create or replace view {view} {invoker} as select * from {table} where {where}; '
                f'grant select on {view} to anon, authenticated;')

    def change(self):
        """One statement or transaction past Pando."""
        table, row = self.dice.choice(TABLES), self.dice.randint(1, ROWS + 3)
        kind = self.dice.choice(['move', 'move', 'insert', 'delete', 'policy', 'view', 'members', 'function'])
        return {'move': f"update {table} set owner = 'u{self.dice.randint(1, 4)}', org = 'o{self.dice.randint(1, 3)}', "
                        f'level = {self.dice.randint(0, 4)} where id = {row};',
                'insert': f"insert into {table} values ({row}, 'u{self.dice.randint(1, 4)}', 'o1', 3) on conflict do nothing;",
                'delete': f'delete from {table} where id = {row};',
                'policy': self.new_policy(table),
                'view': self.new_view(self.dice.choice(VIEWS)),
                'members': "update members set sub = case sub when 'u1' then 'u2' when 'u2' then 'u1' else sub end;",
                'function': 'create or replace function who.uid() returns text language sql stable as $$ select '
                            f"{CLAIMS}::json ->> '{self.dice.choice(['sub', 'org'])}' $$;"}[kind]

    def asks(self, count):
        found = []
        for _ in range(count):
            table, row = self.dice.choice(TABLES + VIEWS), self.dice.randint(1, ROWS)
            path, where = self.dice.choice([(f'{table}?id=eq.{row}', f'id = {row}'), (f'{table}?org=eq.o1', "org = 'o1'"),
                                            (f'{table}?level=gt.1', 'level > 1'), (f'{table}?owner=eq.u1', "owner = 'u1'")])
            found.append((self.dice.choice(self.callers), self.dice.choice(['o1', 'o2']), table, f'{path}&select=id&order=id',
                          where))
        return found

    def truths(self, asks):
        """What the database says to each."""
        text = ''
        for caller, shop, table, _, where in asks:
            settings = {'request.jwt.claims': json.dumps(caller), 'request.headers': json.dumps({'x-org': shop}),
                        'request.path': f'/rest/v1/{table}', 'role': caller['role']}
            made = ', '.join(f"set_config('{name}', $x${value}$x$, true)" for name, value in settings.items())
            text += (f'begin; select {made} \\g /dev/null\n'
                     f"select coalesce(json_agg(json_build_object('id', id) order by id), '[]') from {table} where {where}; "
                     'commit;\n')
        return [json.loads(line) for line in self.postgres.sql(text).splitlines() if line]

    def seen(self, ask):
        caller, shop, _, path, _ = ask
        headers = {'X-Org': shop}
        if caller['role'] != 'anon':
            headers['Authorization'] = f'Bearer {token_with(caller)}'
        status, fields, body = self.pando.request('GET', f'/rest/v1/{path}', headers=headers)
        if status != 200:
            return status, body
        self.hits += 'hit' in fields['Cache-Status']
        self.reads += 1
        return json.loads(body)

    def test_no_caller_sees_what_is_not_his(self):
        self.play()
        self.assertGreater(self.hits, 8 * ROUNDS, f'{self.hits} of {self.reads} from the cache')
        if os.environ.get('PANDO_CACHE_REPORT'):
            print(f'{self.reads} reads, {self.hits} from the cache')

    @needs_hooks
    def test_it_would_be_noticed(self):
        with self.assertRaises(AssertionError, msg='nothing noticed that claims were missing in the key') as noticed:
            self.play(rules_off='claims', program=HOOKED)
        self.assertIn(f'seed {SEED}', str(noticed.exception))


if __name__ == '__main__':
    unittest.main()
