"""Asks whatever a client may ask of a small world while that changes, and compares every answer with that of a Pando that
keeps nothing: tables and views, embeds to any depth, through junctions, that filter, spread or only count; offsets, counts,
sums, CSV.

PANDO_SHAPES_ROUNDS makes it longer, PANDO_SHAPES_SEED another one.
"""
import collections
import os
import random
import re
import unittest

from processes import HOOKED, WAIT_SECONDS_MAX, Pando, PrivatePostgres, needs_hooks, quick_folder, roles, wait_until
from processes import write_project

ROUNDS = int(os.environ.get('PANDO_SHAPES_ROUNDS', '12'))
SEED = int(os.environ.get('PANDO_SHAPES_SEED', '20261128'))
SCHEMA = roles('anon', 'authenticated') + """
create table countries (id int primary key, name text not null);
create table authors (id int primary key, name text not null, country_id int references countries);
create table posts (id int primary key, title text not null, author_id int references authors, rank int, data jsonb,
                    made_on date not null, words text[]);
create table comments (id uuid primary key default gen_random_uuid(), post_id int not null references posts on delete cascade,
                       author_id int references authors, note text);
create table tags (id int primary key, name text not null);
create table post_tags (post_id int references posts on delete cascade, tag_id int references tags on delete cascade,
                        weight int, primary key (post_id, tag_id));
create table covers (post_id int primary key references posts on delete cascade, url text);
create table visits (id int, post_id int references posts on delete cascade, day date, primary key (id, day)) partition by range (day);
create table visits_early partition of visits for values from (minvalue) to ('2026-02-01');
create table visits_late partition of visits for values from ('2026-02-01') to ('2026-03-01') partition by range (day);
create table visits_late_rest partition of visits_late default;
insert into countries select i, 'c' || i from generate_series(1, 4) i;
insert into authors select i, 'a' || i % 5, nullif(i % 5, 0) from generate_series(1, 8) i;
insert into posts select i, 't' || i % 6, nullif(i % 9, 0), i % 4, jsonb_build_object('kind', i % 3, 'x', jsonb_build_array(i)),
  date '2026-01-01' + i % 7, array['w' || i % 2, 'v'] from generate_series(1, 16) i;
insert into comments select md5(i::text)::uuid, i % 16 + 1, nullif(i % 9, 0), 'n' || i % 3 from generate_series(1, 40) i;
insert into tags select i, 'g' || i from generate_series(1, 5) i;
insert into post_tags select i % 16 + 1, i % 5 + 1, i % 3 from generate_series(1, 40) i on conflict do nothing;
insert into visits select i, i % 16 + 1, date '2026-01-20' + i from generate_series(1, 30) i;
insert into covers select i, 'u' || i from generate_series(1, 16, 3) i;
create view pieces as select title as name, id as piece, author_id as writer, rank, upper(title) as loud from posts
  where rank is distinct from 3;
create view piece_names as select piece, name from pieces where name <> 't3';
create view tallies as select a.id, a.name, count(p.id) as posts from authors a left join posts p on p.author_id = a.id
  group by a.id, a.name;
create view latest as select distinct on (author_id) author_id as id, title from posts where author_id is not null
  order by author_id, made_on desc, id desc;
create schema within;
create table within.boxes (id int primary key, label text not null, post_id int references posts on delete cascade);
insert into within.boxes select i, 'b' || i % 3, i from generate_series(1, 16) i;
create view boxes as select id, label, post_id from within.boxes;
grant select on all tables in schema public to anon;
"""
EMBEDS = {  # of each table: what it can embed, and how many rows that may have
    'countries': {'authors': 'many'},
    'authors': {'countries': 'one', 'posts': 'many', 'comments': 'many'},
    'posts': {'authors!posts_author_id_fkey': 'one', 'comments': 'many', 'tags': 'many', 'covers': 'one', 'post_tags': 'many',
              'visits': 'many', 'boxes': 'many'},
    'comments': {'posts': 'one', 'authors': 'one', 'pieces': 'one'},
    'tags': {'posts': 'many', 'post_tags': 'many'},
    'post_tags': {'posts': 'one', 'tags': 'one'},
    'covers': {'posts': 'one'},
    'visits': {'posts': 'one'},
    'pieces': {'authors!posts_author_id_fkey': 'one', 'comments': 'many', 'boxes': 'many'},
    'piece_names': {'comments': 'many'},
    'tallies': {},
    'latest': {},
    'boxes': {'posts': 'one', 'pieces': 'one'},
}
COLUMNS = {'countries': ['id', 'name'], 'authors': ['id', 'name', 'country_id'],
           'posts': ['id', 'title', 'author_id', 'rank', 'data', 'made_on', 'words', 'data->kind', 'kind:data->>kind'],
           'comments': ['id', 'post_id', 'author_id', 'note'], 'tags': ['id', 'name'],
           'post_tags': ['post_id', 'tag_id', 'weight'], 'covers': ['post_id', 'url'],
           'visits': ['id', 'post_id', 'day'], 'pieces': ['piece', 'name', 'writer', 'rank', 'loud'],
           'piece_names': ['piece', 'name'], 'tallies': ['id', 'name', 'posts'], 'latest': ['id', 'title'],
           'boxes': ['id', 'label', 'post_id']}
FILTERS = {'countries': ['id=eq.2', 'name=like.c*'], 'authors': ['id=eq.3', 'country_id=eq.1', 'name=in.(a1,a2)', 'country_id=is.null'],
           'posts': ['id=eq.5', 'author_id=eq.2', 'rank=gt.1', 'title=ilike.T*', 'data->>kind=eq.1', 'data=cs.{"kind":2}',
                     'made_on=gte.2026-01-04', 'words=cs.{w1}', 'title=fts.t1', 'or=(rank.eq.1,rank.is.null)', 'rank=not.eq.2'],
           'comments': ['post_id=eq.4', 'author_id=eq.2', 'note=eq.n1'], 'tags': ['id=eq.1', 'name=neq.g3'],
           'post_tags': ['post_id=eq.3', 'weight=gt.0'], 'covers': ['post_id=eq.4', 'url=not.is.null'],
           'visits': ['post_id=eq.3', 'day=gt.2026-02-03', 'id=lt.9'],
           'pieces': ['piece=eq.5', 'writer=eq.2', 'rank=gt.1', 'loud=eq.T1', 'name=eq.t1'], 'piece_names': ['piece=eq.4', 'name=eq.t2'],
           'tallies': ['id=eq.2', 'posts=gt.1'], 'latest': ['id=eq.2', 'title=neq.t1'], 'boxes': ['id=eq.3', 'post_id=eq.5', 'label=eq.b1']}
KEYS = {'visits': 'id,day', 'post_tags': 'post_id,tag_id', 'covers': 'post_id', 'pieces': 'piece', 'piece_names': 'piece'}


def name_of(embed):
    return embed.split('!')[0]


class Shapes(unittest.TestCase):
    def play(self, rules_off='', program=None):
        self.dice = random.Random(SEED)
        self.patience_seconds = WAIT_SECONDS_MAX if not rules_off else 5  # it ends badly anyway
        folder = self.enterContext(quick_folder())
        self.postgres = PrivatePostgres(folder, 'wal_level = logical')
        self.enterContext(self.postgres)
        self.postgres.sql(SCHEMA)
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_CHANGES_URL': self.postgres.uri(),
                    'PANDO_SERVER_LOOPS': '1', 'PANDO_REST_AGGREGATES_ENABLED': 'true', 'CACHE_RULES_OFF': rules_off}
        project = write_project(folder)
        self.plain = self.enterContext(Pando(folder, project, {**settings, 'PANDO_CACHE_URL': 'off'})).start()
        self.pando = self.enterContext(Pando(folder, project, {**settings, 'PANDO_CACHE_URL': 'memory:64MiB'},
                                             program=program)).start()
        wait_until(lambda: self.pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
        self.seen_as = collections.Counter()
        for number in range(ROUNDS):
            self.check_round(number)

    def check_round(self, number):
        asks = [self.ask() for _ in range(20)]
        told = f'seed {SEED}, round {number}'
        for step in range(4):
            if step:
                self.postgres.sql('begin;' + ''.join(self.change() for _ in range(self.dice.randint(1, 2))) + 'commit;')
            truths = [self.answer(self.plain, *ask) for ask in asks]
            wait_until(lambda: all(self.answer(self.pando, *ask) == truth for ask, truth in zip(asks, truths)), told,
                       self.patience_seconds)
            # What is kept by now was read after the change, or is not touched by it.
            for _ in range(3):
                for ask, truth in zip(asks, truths):
                    self.assertEqual(self.answer(self.pando, *ask), truth, f'{told}: {ask}')

    def answer(self, pando, path, headers):
        status, fields, body = pando.request('GET', '/rest/v1/' + path, headers=headers)
        if pando is self.pando:
            self.seen_as[re.sub('; (stored|detail=)', r'; \1', fields['Cache-Status'] or '')] += 1
        return status, fields['Content-Range'], body

    # -------------------------------------------------------------------------------------------------------- requests

    def ask(self):
        table = self.dice.choice(list(EMBEDS))
        self.more = []
        kind = self.dice.choice(['rows'] * 8 + ['sum'])
        if kind == 'sum':
            column = self.dice.choice(COLUMNS[table][1:3])
            self.more.append(f'select={column},count()' if ':' not in column else 'select=count()')
        else:
            self.more.append('select=' + self.select(table, '', 3))
        for text in self.dice.sample(FILTERS[table], self.dice.choice([0, 1, 1, 1, 2])):
            self.more.append(text)
        headers = {}
        if kind != 'sum':
            self.more.append('order=' + KEYS.get(table, 'id'))
            if self.dice.random() < 0.3:
                self.more.append(f'limit={self.dice.randint(1, 6)}')
            if self.dice.random() < 0.15:
                self.more.append(f'offset={self.dice.randint(1, 3)}')
            if self.dice.random() < 0.15:
                headers['Prefer'] = 'count=exact'
        else:
            self.more.append('order=' + (column if ':' not in column else 'count'))
        if self.dice.random() < 0.05:
            headers['Accept'] = 'text/csv'
        return f'{table}?{"&".join(self.more)}'.replace('order=count', 'limit=100'), headers

    def select(self, table, path, depth):
        """Of a table, below the embeds of `path`; adds filters on what it embeds to self.more."""
        shown = ['*'] if self.dice.random() < 0.4 else self.dice.sample(COLUMNS[table], self.dice.randint(1, min(3, len(COLUMNS[table]))))
        chance = 0.9 if not path else 0.5
        used = set()
        while EMBEDS[table] and depth and self.dice.random() < chance and len(used) < 3:
            embed = self.dice.choice(list(EMBEDS[table]))
            if embed in used:
                break
            used.add(embed)
            far, below = name_of(embed), path + name_of(embed)
            join = '!inner' if self.dice.random() < 0.2 else ''
            spread = '...' if EMBEDS[table][embed] == 'one' and self.dice.random() < 0.1 else ''
            inside = '' if not join and not spread and self.dice.random() < 0.1 else self.select(far, below + '.', depth - 1)
            if spread:
                inside = f's{depth}{len(self.more)}:{self.dice.choice(COLUMNS[far][:2])}'
            shown.append(f'{spread}{embed}{join}({inside})')
            if self.dice.random() < 0.3:
                name, value = self.dice.choice([f for f in FILTERS[far] if not f.startswith('or=')]).split('=', 1)
                self.more.append(f'{below}.{name}={value}')
            if EMBEDS[table][embed] == 'many':
                self.more.append(f'{below}.order={KEYS.get(far, "id")}')
                if self.dice.random() < 0.2:
                    self.more.append(f'{below}.limit={self.dice.randint(1, 3)}')
            if not path and not spread and self.dice.random() < 0.15:
                self.more.append(f'{far}={self.dice.choice(["not.is.null", "is.null"])}')
        return ','.join(shown)

    # --------------------------------------------------------------------------------------------------------- changes

    def change(self):
        """One statement past Pando."""
        dice = self.dice
        post, author, tag = dice.randint(1, 18), dice.randint(1, 8), dice.randint(1, 5)
        comment = f"(select id from comments order by md5(id::text || '{dice.random()}') limit 1)"
        return dice.choice([
            f"update countries set name = 'c{dice.randint(1, 9)}' where id = {dice.randint(1, 4)};",
            f"update authors set name = 'a{dice.randint(1, 9)}' where id = {author};",
            f'update authors set country_id = {dice.choice(["null", "1", "2"])} where id = {author};',
            f"update posts set title = 't{dice.randint(1, 9)}', rank = {dice.choice(['null', '1', '2', '3'])} where id = {post};",
            f'update posts set author_id = {dice.choice(["null", str(author)])} where id = {post};',
            f"update posts set data = '{{\"kind\": {dice.randint(0, 3)}}}', made_on = '2026-01-0{dice.randint(1, 9)}' where id = {post};",
            f"update posts set words = '{{w{dice.randint(0, 2)}}}' where id = {post};",
            f'delete from posts where id = {post};',
            f"insert into posts values ({post}, 't1', {author}, 1, '{{}}', '2026-01-05', '{{w1}}') on conflict do nothing;",
            f'insert into comments (post_id, author_id, note) select id, {author}, \'n1\' from posts where id = {post};',
            f'update comments set author_id = {dice.choice(["null", str(author)])} where id = {comment};',
            f"update comments set note = 'n{dice.randint(0, 3)}' where id = {comment};",
            f'delete from comments where id = {comment};',
            f'insert into post_tags select id, {tag}, 1 from posts where id = {post} on conflict do nothing;',
            f'delete from post_tags where post_id = {post} and tag_id = {tag};',
            f'update post_tags set tag_id = {tag} where post_id = {post} and tag_id = {tag % 5 + 1} and not exists '
            f'(select from post_tags where post_id = {post} and tag_id = {tag});',
            f"update tags set name = 'g{dice.randint(1, 9)}' where id = {tag};",
            f"insert into covers select id, 'u9' from posts where id = {post} on conflict (post_id) do update set url = 'u8';",
            f'delete from covers where post_id = {post};',
            f"update visits set day = '2026-0{dice.randint(1, 2)}-1{dice.randint(0, 9)}' where id = {dice.randint(1, 30)};",
            f'insert into visits select {dice.randint(100, 999)}, id, \'2026-02-20\' from posts where id = {post} on conflict do nothing;',
            f"update within.boxes set label = 'b{dice.randint(0, 3)}' where id = {post};",
            f'delete from within.boxes where id = {post};',
            f"insert into within.boxes select id, 'b1', id from posts where id = {post} on conflict do nothing;",
            'truncate visits_early;',
            "create table if not exists visits_more partition of visits for values from ('2026-03-01') to ('2026-04-01'); "
            f"insert into visits select {dice.randint(1000, 1999)}, id, '2026-03-05' from posts where id = {post};",
            'drop table if exists visits_more;',
        ])

    def test_what_is_kept_is_what_would_be_read(self):
        self.play()
        told = dict(self.seen_as.most_common())
        self.assertGreater(self.seen_as['pando; hit'], 50 * ROUNDS, told)
        if os.environ.get('PANDO_CACHE_REPORT'):
            print(told)

    @needs_hooks
    def test_it_would_be_noticed(self):
        with self.assertRaises(AssertionError, msg='nothing noticed that embeds were not followed') as noticed:
            self.play(rules_off='embed_tags', program=HOOKED)
        self.assertIn(f'seed {SEED}', str(noticed.exception))


if __name__ == '__main__':
    unittest.main()
