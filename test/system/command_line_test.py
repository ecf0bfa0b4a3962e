"""The subcommands that do not serve: migrate, config, keys, help."""
import unittest

from processes import ITEMS, SECRET, Pando, PreparedPando, quick_folder, write_project


class Project(unittest.TestCase):
    kind = Pando

    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.config = write_project(self.folder, m0001_items=ITEMS)
        self.pando = self.enterContext(self.kind(self.folder, self.config))

    def fails(self, *words):
        """What a subcommand that has to fail said."""
        done = self.pando.run(*words, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr + done.stdout


class Migrate(Project):
    kind = PreparedPando

    def test_applies_once_and_shows_what_is_pending(self):
        self.pando.run('migrate')
        self.assertIn('0001_items', self.pando.run('migrate', 'status').stdout)
        (self.folder / 'migrations/0002_more.sql').write_text('create table more (id int);')
        status = self.pando.run('migrate', 'status').stdout
        self.assertRegex(status, r'(?m)^pending +0002_more')
        self.assertNotRegex(status, r'(?m)^pending +0001_items')
        self.pando.run('migrate')
        self.pando.run('migrate')

    def test_a_changed_file_is_an_error_that_names_it(self):
        self.pando.run('migrate')
        (self.folder / 'migrations/0001_items.sql').write_text('select 1;')
        self.assertIn('0001_items', self.fails('migrate'))

    def test_one_that_comes_before_what_was_applied_is_an_error(self):
        (self.folder / 'migrations/0003_later.sql').write_text('select 1;')
        self.pando.run('migrate')
        (self.folder / 'migrations/0002_gap.sql').write_text('select 1;')
        self.assertIn('0002_gap', self.fails('migrate'))

    def test_one_that_fails_leaves_nothing_of_itself_behind(self):
        path = self.folder / 'migrations/0002_broken.sql'
        path.write_text('create table half (id int); select 1/0;')
        self.assertIn('division by zero', self.fails('migrate'))
        path.write_text('create table half (id int);')
        self.pando.run('migrate')

    def test_new_makes_the_next_file(self):
        self.pando.run('migrate', 'new', 'add_things')
        self.assertTrue((self.folder / 'migrations/0002_add_things.sql').exists())

    def test_migrations_do_not_run_as_superuser(self):
        (self.folder / 'migrations/0002_root.sql').write_text("copy (select 1) to program 'true';")
        self.assertIn('0002_root.sql: must be superuser', self.fails('migrate'))

    def test_serve_warns_of_what_is_pending(self):
        self.pando.start()
        self.assertIn('pending', self.pando.log_text())


class Config(Project):
    def test_a_good_configuration_passes(self):
        self.assertEqual(self.pando.run('config', 'check').returncode, 0)

    def test_an_unknown_key_is_told_the_nearest(self):
        self.config.write_text(self.config.read_text() + '[http]\nlisen = ["127.0.0.1:1"]\n')
        self.assertIn('http.listen', self.fails('config', 'check'))

    def test_a_value_out_of_range_is_told_the_range(self):
        self.config.write_text(self.config.read_text() + '[http]\nconnections_max = 0\n')
        self.assertIn('http.connections_max', self.fails('config', 'check'))
        self.assertIn('http.connections_max', self.fails('serve'))

    def test_the_dump_tells_where_values_come_from_and_hides_secrets(self):
        dump = self.pando.run('config').stdout
        self.assertNotIn(SECRET, dump)
        self.assertRegex(dump, r'(?m)^.*listen.*127\.0\.0\.1.*PANDO_HTTP_LISTEN')
        self.assertIn('pando.toml', dump)

    def with_secret(self, secret):
        self.config.write_text(self.config.read_text().replace(SECRET, secret))

    def test_a_text_that_others_know_is_no_secret(self):
        self.with_secret('https://id.example.com/.well-known/jwks.json')
        for word in ('serve', 'keys'):
            told = self.fails(word)
            self.assertIn('auth.jwt_secret is a URL', told)
            self.assertIn('write the JWK set', told)

    def test_a_secret_file_that_others_may_read_is_named_at_the_start(self):
        path = self.folder / 'jwt_secret'
        path.write_text(SECRET + '\n')
        path.chmod(0o644)
        self.with_secret(f'@{path}')
        self.pando.start()
        self.assertEqual(self.pando.log_text().count('secret.readable'), 1)
        self.assertIn(f'chmod 600 {path}', self.pando.log_text())

    def test_help_names_every_option(self):
        text = self.pando.run('serve', '--help').stdout
        for option in ('--http.listen', '--database.url', '--rest.prefix', '--auth.jwt_secret', '--log.format'):
            self.assertIn(option, text)


if __name__ == '__main__':
    unittest.main()
