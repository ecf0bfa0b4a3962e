"""What happens when the disk under the embedded database is full: a clear word, and nothing acknowledged is lost."""
import contextlib
import os
import pathlib
import subprocess
import unittest

from processes import ITEMS, Pando, quick_folder, wait_until, write_project

MB = 1024 * 1024


class FullDisk(unittest.TestCase):
    """Each test has a small file system of its own, in memory."""

    def setUp(self):
        self.folder = self.enterContext(quick_folder())
        self.disk = self.folder / 'disk'
        self.disk.mkdir()

    def mount(self, size_mb):
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size_mb}m,mode=755', 'tmpfs', self.disk],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            self.skipTest(f'this account cannot mount: {done.stderr.strip()}')
        self.addCleanup(subprocess.run, ['umount', '--lazy', self.disk], check=True)

    def pando(self):
        return self.enterContext(Pando(self.folder, write_project(self.folder, m0001_items=ITEMS),
                                       environment={'PANDO_DATABASE_URL': f'embedded:{self.disk}/postgres'}))

    def test_a_start_without_room_says_so_and_leaves_no_half_made_database(self):
        self.mount(16)
        pando = self.pando()
        pando.start(ready=False)
        self.assertNotEqual(pando.process.wait(60), 0)
        self.assertIn('No space left on device', pando.log_text())
        # With room, the same folder is good.
        subprocess.run(['mount', '-o', 'remount,size=512m', self.disk], check=True)
        pando.run('migrate')
        pando.start()
        self.assertEqual(pando.json('/rest/v1/items?id=eq.1&select=id'), [{'id': 1}])

    def test_a_disk_that_fills_up_refuses_writes_and_keeps_what_it_acknowledged(self):
        self.mount(512)
        pando = self.pando()
        pando.run('migrate')
        pando.start()
        self.fill()
        acknowledged, refused = [], None
        for number in range(1000, 100_000):
            with contextlib.suppress(OSError):
                refused = pando.request('POST', '/rest/v1/items', f'{{"id":{number},"name":"{"x" * 2000}"}}',
                                        {'Content-Type': 'application/json'})
            if refused is None or refused[0] != 201:
                break
            acknowledged.append(number)
        self.assertEqual(refused[0], 503, refused)
        self.assertIn('Retry-After', refused[1])
        self.assertIsNone(pando.process.poll(), 'the server ended')

        (self.disk / 'filler').unlink()
        wait_until(lambda: pando.status_of('/rest/v1/items?id=eq.1') == 200, 'the database is well again')
        wait_until(lambda: pando.request('POST', '/rest/v1/items', '{"id":500,"name":"after"}',
                                         {'Content-Type': 'application/json'})[0] in (201, 409), 'writes go on')
        rows = {row['id'] for row in pando.json('/rest/v1/items?id=gte.1000&select=id')}
        self.assertLessEqual(set(acknowledged), rows)

    def fill(self):
        """Leaves nothing free."""
        with open(self.disk / 'filler', 'wb', buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b'0' * MB)
        free = os.statvfs(self.disk).f_bavail
        self.assertEqual(free, 0, pathlib.Path('/proc/mounts').read_text())


if __name__ == '__main__':
    unittest.main()
