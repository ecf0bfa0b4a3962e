"""The cache keeps its promise (docs/cache.md section 1) while rows are written through Pando and past it, and while the
database, its schema, who may see what, and the stream of its changes are disturbed. cache_checker/ checks every answer.

PANDO_CACHE_SECONDS makes each run longer, PANDO_CACHE_SEED another one; PANDO_CACHE_REPORT names a file for what each says.
"""
import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import subprocess
import threading
import time
import unittest

from cache_case import CacheCase
from processes import HERE, key_of, made_once, roles, token_with

SECONDS = int(os.environ.get('PANDO_CACHE_SECONDS', '6'))
SEED = int(os.environ.get('PANDO_CACHE_SEED', '20261128'))
BOUND_MS = 1500  # cache.staleness_max, and half a second for machines that are busy

GROUPS = '''
create table groups (id int primary key);
insert into groups select generate_series(0, 23);
grant select on groups to public;
'''
COLUMNS = '(id int primary key, grp int not null references groups, ver bigint not null, pad text)'
WRITABLE = '''
create index on things (grp);
grant select, insert, update, delete on things to anon, authenticated;
create function renew(thing int, version bigint) returns void language sql volatile
  as 'update things set ver = version where id = thing';
'''
# A trigger and a cascade keep another table as this one is.
SCHEMA = roles('anon', 'authenticated', 'staff', 'writer') + GROUPS + f'create table things {COLUMNS};' + WRITABLE + '''
create table followers (id int primary key references things on delete cascade, ver bigint not null);
create function follow() returns trigger language plpgsql security definer as $$ begin
  insert into followers values (new.id, new.ver) on conflict (id) do update set ver = excluded.ver;
  return null; end $$;
create trigger follow after insert or update on things for each row execute function follow();
grant select on followers to public;
'''
# As cache_checker/ruler.h has it.
POLICIES = '''
alter table things enable row level security;
create policy shown on things for select to anon, authenticated using (true);
create policy all_shown on things for select to staff using (true);
create policy all_written on things to writer using (true) with check (true);
grant select on things to staff;
grant select, insert, update, delete on things to writer;
'''
LEVEL = "6 * coalesce((nullif(current_setting('request.jwt.claims', true), '')::json ->> 'level')::int, 0)"
# Owners of the table see everything of it. What the function gives depends on the role that owns it.
OWNERS = f'''
create role opened nologin; create role closed nologin; create role few nologin; create role many nologin;
grant opened to authenticated;
create function allowed() returns int language sql stable security definer
  as $$ select case current_user when 'few' then 6 else 24 end $$;
alter function allowed() owner to many;
alter table things owner to closed;
alter policy shown on things using (grp < allowed() + {LEVEL});
'''
SETTINGS = f'''
alter database postgres set timezone = 'UTC';
create function allowed() returns int language sql stable set app.settings.allowed = '24'
  as $$ select current_setting('app.settings.allowed')::int $$;
alter policy shown on things using (grp < {LEVEL} + least(
  allowed(), coalesce(nullif(current_setting('app.settings.configured', true), '')::int, 24),
  24 - extract(hour from timestamptz '2000-01-01 00:00:00+00')::int));
'''
LEAVES = roles('anon', 'authenticated') + GROUPS + f'''create table things {COLUMNS} partition by range (id);
create table things_0 partition of things for values from (1) to (81);
create table things_1 partition of things for values from (81) to (161);
create table things_2 partition of things for values from (161) to (241);
''' + WRITABLE
CROWD = roles('anon', 'authenticated') + GROUPS + f'create table things {COLUMNS};' + WRITABLE + '''
insert into things select -i, 0, 0 from generate_series(1, 16) i;
'''
# The log does not tell the key.
GENERATED = '''
alter table followers drop constraint followers_id_fkey;
alter table things drop constraint things_pkey, add unique (id), add key int generated always as (id) stored primary key;
alter table followers add foreign key (id) references things (id) on delete cascade;
'''
DISTURBANCES = (
    "select pg_terminate_backend(pid) from pg_stat_replication",
    "alter table things add column if not exists extra int",
    "alter table things drop column if exists extra",
    "create index concurrently if not exists things_ver on things (ver)",
    "drop index concurrently if exists things_ver",
    "vacuum analyze things",
    "begin; select pg_current_xact_id(); select pg_sleep(0.7); commit",
    "create table if not exists others (id int primary key); drop table others",
    "alter role anon set work_mem = '5MB'; alter role anon reset work_mem",
    # It joins again, while it is written to.
    "alter publication pando drop table things",
    "alter publication pando drop table groups, followers",
    # Somebody else's hand.
    "alter publication pando set (publish = 'insert')",
    "alter publication pando set (publish = 'update, delete, truncate')",
    "alter publication pando drop table things, followers; alter publication pando add table things (id, ver), followers (id)",
    "alter publication pando drop table things, followers; alter publication pando add table things where (id < 9), followers",
    "drop publication pando",
    # Commits are in the log and not seen.
    "alter system set synchronous_standby_names = 'away'; select pg_reload_conf(); select pg_sleep(0.5);"
    "alter system reset synchronous_standby_names; select pg_reload_conf()",
)


class Checked(CacheCase):
    disturb = None  # what is done over and over while answers are checked,
    times = 0       # so many times at least,
    rests = ()      # and whether the cache may answer meanwhile before the first, the second and so on

    @classmethod
    def setUpClass(cls):
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libpq'], capture_output=True, text=True, check=True)
        command = ['g++', '-std=c++20', '-O1', HERE / 'cache_checker/checker.cc', *flags.stdout.split(), '-lpthread', '-o']
        key = key_of(*sorted((HERE / 'cache_checker').iterdir()), *command)
        cls.checker = cls.enterClassContext(
            made_once('cache_checker', key, lambda path: subprocess.run([*command, path], check=True)))

    def setUp(self):
        super().setUp()
        self.dice = random.Random(SEED)

    def served(self, schema, size='64MiB'):
        self.postgres.sql(schema)
        return self.pando(size)

    def check(self, pando, counts, words=(), callers=('authenticated 0',), writer='authenticated'):
        """Runs the checker with `words`, until it has counted more than `counts`, of which one below 1 is a part of the reads;
        `callers` are roles with a level. Returns what it reports, which must be that nothing was wrong."""
        counts = {'writes': 100, **counts}
        environment = {**os.environ, 'PGHOST': str(self.postgres.folder), 'PGUSER': 'postgres', 'PGDATABASE': 'postgres',
                       'CALLERS': '\n'.join(f'{caller} {self.token(*caller.split())}' for caller in callers),
                       'WRITER_TOKEN': self.token(writer, 0)}
        # A little more than is asked for below: the last answers are counted when it has decided to end.
        enough = [f'{name}={1.1 * count}' for name, count in counts.items()]
        command = [self.checker, str(pando.port), str(BOUND_MS), str(SECONDS), str(SEED), *words, *enough]
        with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as checker:
            with self.disturbed(pando, checker.stdin.close):
                output = checker.stdout.read()
        self.assertIn(checker.returncode, (0, 1))
        report = json.loads(output)
        if path := os.environ.get('PANDO_CACHE_REPORT'):
            with open(path, 'a', encoding='utf-8') as file:
                file.write(json.dumps({'test': self.id(), **report}) + '\n')
        self.assertEqual(report['wrong'], 0, report)
        for name, count in counts.items():
            self.assertGreater(report[name], count * (report['reads'] if count < 1 else 1), report)
        return report

    @contextlib.contextmanager
    def disturbed(self, pando, may_end):
        """Calls disturb() over and over until the block ends, and may_end() once it was called often enough. A schema that changes
        all the time, or a database that goes away all the time, is never served from the cache: some hits come between."""
        over, times = threading.Event(), 0

        def hits():
            return pando.metric('pando_cache_requests_total', result='hit')

        def disturbing():
            nonlocal times
            for rest in itertools.cycle(self.rests):
                if times == self.times:
                    may_end()
                if over.wait(0.3):
                    return
                enough = hits() + 300
                while rest and hits() < enough and not over.wait(0.05):
                    pass
                self.disturb()
                times += 1
        if not self.disturb:
            may_end()
            yield
            return
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            disturber = threads.submit(disturbing)
            try:
                yield
            finally:
                over.set()
            disturber.result()
        self.assertGreaterEqual(times, self.times)

    @staticmethod
    def token(role, level):
        return token_with({'role': role, 'sub': f'{role} {level}', 'level': int(level), 'exp': int(time.time()) + 86_400})

    def disturb_stream_and_schema(self):
        text = self.dice.choice(DISTURBANCES)
        for statement in [text] if text.startswith('begin') else text.split(';'):
            # What it may not do at this moment it does not.
            with contextlib.suppress(subprocess.CalledProcessError):
                self.postgres.sql(statement + ';')

    def disturb_publication(self):
        text = self.dice.choice([text for text in DISTURBANCES if 'publication' in text])
        with contextlib.suppress(subprocess.CalledProcessError):
            self.postgres.sql(f'begin; {text}; commit')

    def restart(self):
        self.postgres.stop()
        self.postgres.start()

    def test_every_answer_is_one_that_the_promise_allows(self):
        pando = self.served(SCHEMA)
        report = self.check(pando, {'hits': 0.1, 'own': 50})
        self.assertEqual(report['errors'], 0, (report, pando.log_text()[-2000:]))

    def test_while_the_stream_and_the_schema_are_disturbed(self):
        self.disturb, self.times, self.rests = self.disturb_stream_and_schema, 8, (False, True)
        self.check(self.served(SCHEMA), {'hits': 100})

    def test_while_the_publication_is_altered(self):
        self.disturb, self.times, self.rests = self.disturb_publication, 8, (False, True)
        self.check(self.served(SCHEMA), {'hits': 100})

    def test_while_a_generated_column_is_the_key(self):
        pando = self.served(SCHEMA + GENERATED)
        self.check(pando, {'hits': 0.01})
        self.assertIn('REPLICA IDENTITY USING INDEX', pando.log_text())

    def check_ruled(self, by, schema, counts):
        self.check(self.served(SCHEMA + POLICIES + schema), {'hits': 100, 'rules': 3, **counts}, words=[by], writer='writer',
                   callers=['authenticated 0', 'authenticated 1', 'authenticated 2', 'staff 0'])

    def test_while_policies_and_rights_change(self):
        self.check_ruled('policies', '', {'hidden': 20})

    def test_while_owners_change(self):
        self.check_ruled('owners', OWNERS, {})

    def test_while_settings_change(self):
        self.check_ruled('settings', SETTINGS, {})

    def test_while_partitions_are_truncated(self):
        self.check(self.served(LEAVES), {'hits': 0.05}, words=['leaves'])

    def test_while_updates_share_transactions(self):
        pando = self.served(CROWD)
        self.check(pando, {'hits': 0.05}, words=['crowd'])
        statements, batches = (pando.metric(f'pando_db_lane_{of}_total', lane='write') for of in ('statements', 'batches'))
        self.assertGreater(statements, 1.1 * batches)

    def test_while_the_cache_is_squeezed(self):
        self.check(self.served(SCHEMA, '1MiB'), {'hits': 0.05})

    def test_while_postgres_is_restarted(self):
        self.disturb, self.times, self.rests = self.restart, 2, (True,)
        self.check(self.served(SCHEMA), {'hits': 100})


if __name__ == '__main__':
    unittest.main()
