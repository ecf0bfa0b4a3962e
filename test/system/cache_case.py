"""A private PostgreSQL, and Pandos on it that keep answers."""
import unittest

from processes import Pando, PrivatePostgres, quick_folder, wait_until, write_project

__all__ = ['STALENESS_SECONDS', 'CacheCase']

STALENESS_SECONDS = 1  # cache.staleness_max: no answer to what is asked so long after a commit is older than it


class CacheCase(unittest.TestCase):
    database_settings = 'wal_level = logical'  # lines of the configuration of PostgreSQL

    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.postgres = PrivatePostgres(self.folder, self.database_settings)
        self.enterContext(self.postgres)
        self.project = write_project(self.folder)

    def pando(self, size='64MiB', environment=None, streaming=True):
        settings = {'PANDO_DATABASE_URL': self.postgres.uri('authenticator'), 'PANDO_CHANGES_URL': self.postgres.uri(),
                    'PANDO_CACHE_URL': f'memory:{size}', **(environment or {})}
        pando = self.enterContext(Pando(self.folder, self.project, settings)).start()
        if streaming:
            wait_until(lambda: pando.metric('pando_changes_streaming') == 1, 'the stream is followed')
        return pando
