"""A standby of a PrivatePostgres: streams from the primary, and can be frozen and thawed."""
import os
import pathlib
import signal
import subprocess

from processes import WAIT_SECONDS_MAX, PrivatePostgres, as_postgres, wait_until

# What a primary needs so that a Standby named NAME confirms its commits.
SYNCHRONOUS = "synchronous_standby_names = 'one'\nwal_sender_timeout = 0\n"


class Standby(PrivatePostgres):
    """`name` is what the primary calls it. REQUIRES: the primary runs."""

    def __init__(self, folder, primary, name='one'):
        self.primary, self.name = primary, name
        super().__init__(folder, 'hot_standby = on\n')

    def _fill(self, data, settings):
        subprocess.run(as_postgres([self.binaries / 'pg_basebackup', '-D', data, '-h', self.primary.folder, '-U', 'postgres',
                                    '--checkpoint=fast']),
                       check=True, capture_output=True, cwd='/', timeout=WAIT_SECONDS_MAX)
        (data / 'standby.signal').touch()
        with open(data / 'postgresql.conf', 'a', encoding='utf-8') as conf:
            conf.write(f"\nunix_socket_directories = '{self.folder}'\nsynchronous_standby_names = ''\n"
                       f"primary_conninfo = 'host={self.primary.folder} user=postgres application_name={self.name}'\n{settings}")

    def streams(self):
        """Its commits are confirmed by this standby."""
        state = f"select count(*) from pg_stat_replication where application_name = '{self.name}' and sync_state = 'sync'"
        return self.primary.sql(state) == '1'

    def _processes(self):
        postmaster = int(self._process_file()[0])
        listed = pathlib.Path(f'/proc/{postmaster}/task/{postmaster}/children').read_text().split()
        return [postmaster, *map(int, listed)]

    def freeze(self):
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self):
        for process in reversed(self._processes()):
            os.kill(process, signal.SIGCONT)

    def __enter__(self):
        super().__enter__()
        wait_until(self.streams, 'the standby streams')
        return self

    def __exit__(self, *_):
        self.thaw()
        super().__exit__()
