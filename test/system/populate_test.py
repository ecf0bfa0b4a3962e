"""pando bench populate: rows for whatever tables there are, that refer to each other and keep their constraints."""
import unittest

from processes import PreparedPando, quick_folder, write_project

SHOP = '''
create type colour as enum ('red', 'green', 'blue');
create domain price as numeric(10, 2) check (value >= 0);
create table customers (
  id bigint generated always as identity primary key, email text not null unique, name varchar(20) not null,
  country char(2) not null, referred_by bigint references customers, created_at timestamptz not null default now()
);
create table products (
  sku text primary key, title text not null, colour colour not null, price price not null, tags text[], details jsonb,
  cheap boolean generated always as (price < 10) stored
);
create table orders (
  id uuid primary key default gen_random_uuid(), customer_id bigint not null references customers,
  status text not null check (status in ('open', 'paid', 'sent')), placed_on date not null, remark text
);
create table order_lines (
  order_id uuid references orders, line int, sku text not null references products, quantity smallint not null,
  primary key (order_id, line)
);
create table favourites (customer_id bigint references customers, sku text references products, primary key (customer_id, sku));
create table addresses (customer_id bigint primary key references customers, street text not null, "Odd name" text);
create table settings (name text primary key, value text);
insert into settings values ('colour', 'blue');
grant select on all tables in schema public to anon;
grant insert on customers to anon;
'''


class Populate(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(quick_folder())
        self.pando = self.enterContext(PreparedPando(folder, write_project(folder, m0001_shop=SHOP)))
        self.pando.run('migrate')

    def count(self, path):
        _, headers, _ = self.pando.request('HEAD', f'/rest/v1/{path}', headers={'Prefer': 'count=exact'})
        return int(headers['Content-Range'].split('/')[1])

    def test_fills_every_table_within_its_constraints(self):
        printed = self.pando.run('bench', 'populate', '--rows', '3000', '--seed', '7').stdout
        self.assertIn('order_lines', printed)
        self.assertRegex(printed, r'settings +has rows already')
        self.pando.start()
        self.assertEqual(self.count('order_lines'), 3000)
        self.assertEqual(self.count('addresses'), self.count('customers'))
        self.assertGreater(self.count('favourites'), 100)
        self.assertEqual(self.count('settings'), 1)
        self.assertGreater(self.count('orders?status=eq.open'), self.count('orders?status=eq.sent'))
        self.assertGreater(self.count('customers?referred_by=not.is.null'), 0)
        # The next number of the sequence is free.
        status, _, body = self.pando.request('POST', '/rest/v1/customers', '{"email": "a@b.c", "name": "A", "country": "CH"}',
                                             {'Content-Type': 'application/json'})
        self.assertEqual(status, 201, body)

    def test_tables_have_the_numbers_asked_for(self):
        self.pando.run('bench', 'populate', '--rows', '0', '--tables', 'products=50,customers=20,favourites=30')
        self.pando.start()
        self.assertEqual([self.count(table) for table in ('products', 'customers', 'favourites', 'orders')], [50, 20, 30, 0])

    def test_what_is_asked_wrongly_is_told(self):
        for arguments, told in ((['--tables', 'produtcs=5'], 'did you mean "products"?'), (['--tables', 'products'], '--tables'),
                                (['--schema', 'nowhere'], 'nowhere')):
            with self.subTest(arguments):
                done = self.pando.run('bench', 'populate', *arguments, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(told, done.stderr)


if __name__ == '__main__':
    unittest.main()
