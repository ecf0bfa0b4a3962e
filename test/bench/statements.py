"""What a request becomes in the database, for pgbench to send the same: read from PostgreSQL's log."""
import re
import statistics
import subprocess
import sys
import time

import cases
from accounts import cpu_seconds

PARAMETER = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
EXECUTE = re.compile(r' LOG:  execute [^:\n]+: (.*?)(?=\n\d{4}-\d\d-\d\d |\Z)(?:\n[^\n]* DETAIL:  parameters: (.*?)(?=\n\d{4}-\d\d-\d\d |\Z))?',
                     re.DOTALL)
PROGRESS = re.compile(r'progress: ([\d.]+) s, ([\d.]+) tps')
WARM_SECONDS = 2  # a connection that is new looks up and maps everything for the first time
WARM_UPS = 50
ATTEMPTS = 9
SETTLE_SECONDS = 0.2


def parse_log(text):
    """[(sql, [parameter])] of what was executed, in order, without the cleaning of a connection afterwards."""
    executed = []
    for sql, parameters in EXECUTE.findall(text):
        if sql.strip() == 'DISCARD ALL':
            continue
        values = [None if value == 'NULL' else value[1:-1].replace("''", "'") for _, value in PARAMETER.findall(parameters)]
        executed.append((sql.replace('\n\t', '\n'), [value and value.replace('\n\t', '\n') for value in values]))
    return executed


def capture(world, send):
    """The statements of one request. Those that only prepare a connection are rare: what came most often of several tries."""
    for _ in range(WARM_UPS):
        send()
    world.sql("alter system set log_statement = 'all'", 'select pg_reload_conf()')
    time.sleep(SETTLE_SECONDS)
    tries = []
    try:
        log = max((world.data_folder / 'log').glob('*.log'), key=lambda path: path.stat().st_mtime)
        for _ in range(ATTEMPTS):
            begin = log.stat().st_size
            send()
            time.sleep(SETTLE_SECONDS)
            with open(log, 'rb') as file:
                file.seek(begin)
                tries.append(parse_log(file.read().decode()))
    finally:
        world.sql('alter system reset log_statement', 'select pg_reload_conf()')
    found = {tuple(sql for sql, _ in one): one for one in tries if one}
    if not found:
        sys.exit('no statement of Pando was found in the log of PostgreSQL')
    return found[statistics.mode(tuple(sql for sql, _ in one) for one in tries if one)]


class Script:
    """pgbench's script of one request. Values that vary are drawn anew for each transaction."""

    def __init__(self, path, executed, draw, key):
        self.executed = executed
        self.defines = []
        lines = [f'\\set id {draw}', f'\\set maker (:id - 1) / {cases.ITEMS_PER_MAKER} + 1']
        self.varying = {str(key): ':id', str(cases.maker_of(key)): ':maker'}
        bodies = [self._body(number, sql, values) for number, (sql, values) in enumerate(executed)]
        if len(bodies) > 1:
            bodies = ['\\startpipeline', *bodies, '\\endpipeline']
        path.write_text('\n'.join([*lines, *bodies]) + '\n')
        self.path = path

    def with_place(self, place):
        """The first statement and its values, with `place` for what varies."""
        sql, values = self.executed[0]
        return sql, [place if value in self.varying else value for value in values]

    def _body(self, number, sql, values):
        def replace(match):
            position = int(match[1]) - 1
            value = values[position]
            if value in self.varying:
                return self.varying[value]
            name = f's{number}_{position}'
            define = f'{name}={value}'
            if define not in self.defines:
                self.defines.append(define)
            return ':' + name
        return re.sub(r'\$(\d+)', replace, sql) + ';'


def run(world, scripts, seconds, clients):
    """One run of [(Script, weight)], counted once its connections are warm. The answer is like load.run()'s."""
    files = [word for script, weight in scripts for word in ('-f', f'{script.path}@{weight}')]
    defines = [word for script, _ in scripts for define in script.defines for word in ('-D', define)]
    command = world.postgres_command('pgbench', '-n', '-M', 'prepared', '-T', str(WARM_SECONDS + seconds), '-P', '1',
                                     '-c', str(clients), '-j', '1', *files, *defines)
    count, last, counted_from, said = 0.0, 0.0, None, ''
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            said += line
            progress = PROGRESS.match(line)
            if not progress:
                continue
            at, rate = float(progress[1]), float(progress[2])
            if counted_from is not None:
                count += rate * (at - last)
            elif at >= WARM_SECONDS - 0.1:
                counted_from, database, own = at, world.database_cpu(), cpu_seconds(process.pid)
            last = at
            if at >= WARM_SECONDS + seconds - 0.5:
                database, own = world.database_cpu() - database, cpu_seconds(process.pid) - own
                break
        said += process.stderr.read()
    if process.returncode or not count:
        sys.exit(f'pgbench: {said[-2000:]}\n{scripts[0][0].path.read_text()[:2000]}')
    return {'rate': count / (last - counted_from), 'database_us': database * 1e6 / count, 'load_us': own * 1e6 / count}


def best_clients(world, scripts, counts, seconds):
    """The number of clients at which pgbench is fastest."""
    return max(counts, key=lambda clients: run(world, scripts, seconds, clients)['rate'])
