"""The cache keeps its promise (../shared/CACHE.md, 1) while rows are written through Pando and past it, and while the
database, its schema, who may see what, and the stream of its changes are disturbed. cache_checker/ checks every answer.

PANDO_CACHE_SECONDS makes each run longer, PANDO_CACHE_SEED another one; PANDO_CACHE_REPORT names a file for what each says.
"""
import itertools
import json
import os
import random
import subprocess
import threading
import time
import unittest

from cache_case import CacheCase
from processes import HERE, folder_for_all, roles, token_with

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
LEAVES = roles('anon', 'authenticated') + GROUPS + f'''create table things {COLUMNS} partition by range (id);
create table things_0 partition of things for values from (1) to (81);
create table things_1 partition of things for values from (81) to (161);
create table things_2 partition of things for values from (161) to (241);
''' + WRITABLE
CROWD = roles('anon', 'authenticated') + GROUPS + f'create table things {COLUMNS};' + WRITABLE + '''
insert into things select -i, 0, 0 from generate_series(1, 16) i;
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
    # Commits are in the log and not seen.
    "alter system set synchronous_standby_names = 'away'; select pg_reload_conf(); select pg_sleep(0.5);"
    "alter system reset synchronous_standby_names; select pg_reload_conf()",
)


class Checked(CacheCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.enterClassContext(folder_for_all())
        cls.checker = cls.shared / 'checker'
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libpq'], capture_output=True, text=True, check=True)
        subprocess.run(['g++', '-std=c++20', '-O1', HERE / 'cache_checker/checker.cc', '-o', cls.checker, *flags.stdout.split(),
                        '-lpthread'], check=True)

    def served(self, schema, size='64MiB'):
        self.postgres.sql(schema)
        return self.pando(size)

    def check(self, pando, disturb=None, words=(), callers=('authenticated 0',), writer='authenticated', seconds=SECONDS):
        """Runs the checker with `words`; `callers` are roles with a level. `disturb` is called over and over meanwhile.
        Returns what it reports."""
        over = threading.Event()

        def disturbing():
            for number in itertools.count():
                if over.wait(0.3):
                    return
                if number % 2:
                    self.await_hits(pando, over)
                disturb()
        thread = threading.Thread(target=disturbing)
        if disturb:
            thread.start()
        try:
            environment = {**os.environ, 'PGHOST': str(self.postgres.folder), 'PGUSER': 'postgres', 'PGDATABASE': 'postgres',
                           'CALLERS': '\n'.join(f'{caller} {self.token(*caller.split())}' for caller in callers),
                           'WRITER_TOKEN': self.token(writer, 0)}
            done = subprocess.run([self.checker, str(pando.port), str(BOUND_MS), str(seconds), str(SEED), *words], text=True,
                                  capture_output=True, env=environment, timeout=seconds + 120, check=False)
        finally:
            over.set()
            if disturb:
                thread.join()
        self.assertIn(done.returncode, (0, 1), done.stderr)
        report = json.loads(done.stdout)
        if path := os.environ.get('PANDO_CACHE_REPORT'):
            with open(path, 'a', encoding='utf-8') as file:
                file.write(json.dumps({'test': self.id(), **report}) + '\n')
        return report

    @staticmethod
    def token(role, level):
        return token_with({'role': role, 'sub': f'{role} {level}', 'level': int(level), 'exp': int(time.time()) + 86_400})

    def await_hits(self, pando, over):
        """Until the cache has answered some hundred times more. A busy machine takes so long to load a schema that one
        which changes all the time is never served from the cache."""
        def hits():
            return pando.metric('pando_cache_requests_total', result='hit')
        enough, latest = hits() + 300, time.monotonic() + 5
        while hits() < enough and time.monotonic() < latest and not over.wait(0.05):
            pass

    def disturber(self):
        dice = random.Random(SEED)

        def disturb():
            text = dice.choice(DISTURBANCES)
            for statement in [text] if text.startswith('begin') else text.split(';'):
                subprocess.run([self.postgres.binaries / 'psql', '-X', '-q', '-h', self.postgres.folder, '-U', 'postgres'],
                               input=statement + ';', text=True, capture_output=True, check=False)
        return disturb

    def assert_right(self, report, hits_min):
        self.assertEqual(report['wrong'], 0, report)
        self.assertGreater(report['writes'], 100, report)
        self.assertGreater(report['hits'], report['reads'] * hits_min, report)

    def test_every_answer_is_one_that_the_promise_allows(self):
        pando = self.served(SCHEMA)
        report = self.check(pando)
        self.assert_right(report, 0.1)
        self.assertGreater(report['own'], 50, report)
        self.assertEqual(report['errors'], 0, (report, pando.log_text()[-2000:]))

    def test_while_the_stream_and_the_schema_are_disturbed(self):
        self.assert_right(self.check(self.served(SCHEMA), self.disturber()), 0.01)

    def test_while_policies_and_rights_change(self):
        report = self.check(self.served(SCHEMA + POLICIES), words=['policies'], writer='writer',
                            callers=['authenticated 0', 'authenticated 1', 'authenticated 2', 'staff 0'])
        self.assert_right(report, 0.01)
        self.assertGreater(report['hidden'], 20, report)

    def test_while_partitions_are_truncated(self):
        self.assert_right(self.check(self.served(LEAVES), words=['leaves']), 0.05)

    def test_while_updates_share_transactions(self):
        pando = self.served(CROWD)
        self.assert_right(self.check(pando, words=['crowd']), 0.05)
        statements, batches = (pando.metric(f'pando_db_lane_{of}_total', lane='write') for of in ('statements', 'batches'))
        self.assertGreater(statements, 1.1 * batches)

    def test_while_the_cache_is_squeezed(self):
        self.assert_right(self.check(self.served(SCHEMA, '1MiB')), 0.05)

    def test_while_postgres_is_restarted(self):
        pando = self.served(SCHEMA)

        def restart():
            self.postgres.stop()
            self.postgres.start()
            threading.Event().wait(1.5)
        self.assert_right(self.check(pando, restart), 0.001)


if __name__ == '__main__':
    unittest.main()
