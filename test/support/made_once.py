#!/usr/bin/env python3
"""What many test processes need and one of them makes: data folders of PostgreSQL, programs. Each lies in
build/test/made_once, under a name that says what it was made from; what was made from something else is removed.

    made_once.py PROGRAM FOLDER      copies an initialised data folder of that pando's embedded database to FOLDER

Processes may call this at the same moment: the first makes it, under a lock, and the others wait for it.
"""
import contextlib
import fcntl
import functools
import hashlib
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / 'build/test/made_once'
SECONDS_MAX = 300  # on a machine that does other things as well
MEMORY = '/dev/shm'
MEMORY_BYTES_MIN = 4 << 30


@contextlib.contextmanager
def folder_for_all(parent=None):
    """A temporary folder that the account of PostgreSQL may pass through."""
    path = pathlib.Path(tempfile.mkdtemp(prefix='pando-system-', dir=parent))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def quick_folder():
    """A folder_for_all() in memory, where there is much of it: a disk may take longer to make and to remove the thousand files of a
    data folder than PostgreSQL to start. TMPDIR names another place."""
    is_roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return folder_for_all(MEMORY if is_roomy and 'TMPDIR' not in os.environ else None)


def key_of(*parts):
    """A name for what is made from these: texts, and files by their content."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, pathlib.Path) else str(part).encode()
        digest.update(len(data).to_bytes(8, 'big') + data)
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _locked(kind, how):
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(PLACE / f'{kind}.lock', 'a', encoding='utf-8') as file:
        fcntl.flock(file, how)
        yield


@contextlib.contextmanager
def made_once(kind, key, make):
    """The path of what make(path) makes, which stays there as long as the `with` block lasts."""
    path = PLACE / f'{kind}-{key}'
    while True:
        with _locked(kind, fcntl.LOCK_SH):
            if path.exists():
                yield path
                return
        with _locked(kind, fcntl.LOCK_EX):
            if not path.exists():
                _make(kind, path, make)


def _make(kind, path, make):
    for old in PLACE.glob(f'{kind}-*'):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    unfinished = path.with_name(f'{kind}-unfinished')
    make(unfinished)
    unfinished.rename(path)


def copy(source, target):
    """With owners and modes."""
    subprocess.run(['cp', '-a', '--reflink=auto', source, target], check=True, capture_output=True)


# ------------------------------------------------------------------------------------------- data folders of PostgreSQL

def postgres_programs():
    """The folder of the newest server that is installed."""
    return max(pathlib.Path('/usr/lib/postgresql').glob('*/bin'), key=lambda path: int(path.parent.name))


def as_postgres(command):
    """The command for subprocess that runs as the account of PostgreSQL, which is not root."""
    if os.getuid() != 0:
        return command
    return ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', *command]


def give_to_postgres(path):
    if os.getuid() == 0:
        account = pwd.getpwnam('postgres')
        os.chown(path, account.pw_uid, account.pw_gid)


@functools.cache
def _postgres_version():
    done = subprocess.run([postgres_programs() / 'postgres', '--version'], check=True, capture_output=True, text=True)
    return done.stdout


def _initialise(target):
    # The account may not reach the clone, so it works in a temporary folder.
    with quick_folder() as folder:
        give_to_postgres(folder)
        command = [postgres_programs() / 'initdb', '-D', folder / 'data', '-U', 'postgres', '-A', 'trust', '--locale=C.UTF-8',
                   '--no-sync']
        subprocess.run(as_postgres(command), check=True, capture_output=True, cwd='/', timeout=SECONDS_MAX)
        copy(folder / 'data', target)


def copy_cluster(target):
    """Makes `target` a data folder whose superuser is postgres and who trusts everybody."""
    with made_once('cluster', key_of(_postgres_version(), os.getuid()), _initialise) as cluster:
        copy(cluster, target)


def copy_embedded(program, target):
    """Makes `target` a data folder of the embedded database, as `program` initialises it and leaves it when it ends. A crash of
    the whole machine would damage it: that is not tested on copies, and they cost the disk less."""
    def make(path):
        with quick_folder() as folder:
            (folder / 'migrations').mkdir()
            clean = {name: value for name, value in os.environ.items() if not name.startswith(('PANDO_', 'PGRST_'))}
            environment = {**clean, 'PANDO_DATABASE_URL': f'embedded:{folder}/postgres',
                           'PANDO_MIGRATE_FOLDER': f'{folder}/migrations'}
            # Starts the database and asks it; makes no table.
            subprocess.run([program, 'migrate', 'status'], check=True, capture_output=True, cwd=folder, env=environment,
                           timeout=SECONDS_MAX)
            with open(folder / 'postgres/postgresql.conf', 'a', encoding='utf-8') as conf:
                conf.write('fsync = off\n')
            copy(folder / 'postgres', path)
    program = pathlib.Path(program).resolve()
    is_as = program.stat()
    key = key_of(_postgres_version(), os.getuid(), program.as_posix(), is_as.st_mtime_ns, is_as.st_size)
    with made_once('embedded', key, make) as folder:
        copy(folder, target)


if __name__ == '__main__':
    copy_embedded(*sys.argv[1:])
