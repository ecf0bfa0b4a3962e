"""What a request becomes in the database, for pgbench to send the same: read from PostgreSQL's log."""
import os
import re
import statistics
import subprocess
import sys
import time

PARAMETER = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
EXECUTE = re.compile(r' LOG:  execute [^:\n]+: (.*?)(?=\n\d{4}-\d\d-\d\d |\Z)(?:\n[^\n]* DETAIL:  parameters: (.*?)(?=\n\d{4}-\d\d-\d\d |\Z))?',
                     re.DOTALL)
WARM_UPS = 50
ATTEMPTS = 9
SETTLE_SECONDS = 0.2


def parse_log(text):
    """[(sql, [parameter])] of what was executed, in order."""
    executed = []
    for sql, parameters in EXECUTE.findall(text):
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

    def __init__(self, path, statements, draw, key, maker):
        self.defines = []
        lines = [f'\\set id {draw}', '\\set maker (:id - 1) / 10 + 1']
        bodies = [self._body(number, sql, values, {str(key): ':id', str(maker): ':maker'})
                  for number, (sql, values) in enumerate(statements)]
        if len(bodies) > 1:
            bodies = ['\\startpipeline', *bodies, '\\endpipeline']
        path.write_text('\n'.join([*lines, *bodies]) + '\n')
        self.path = path

    def _body(self, number, sql, values, varying):
        def replace(match):
            position = int(match[1]) - 1
            value = values[position]
            if value in varying:
                return varying[value]
            name = f's{number}_{position}'
            define = f'{name}={value}'
            if define not in self.defines:
                self.defines.append(define)
            return ':' + name
        return re.sub(r'\$(\d+)', replace, sql) + ';'


def run(world, scripts, seconds, clients):
    """One run of [(Script, weight)]. The answer is like load.run()'s."""
    files = [word for script, weight in scripts for word in ('-f', f'{script.path}@{weight}')]
    defines = [word for script, _ in scripts for define in script.defines for word in ('-D', define)]
    database, own = world.database_cpu(), sum(os.times()[2:4])
    done = subprocess.run(world.postgres_command('pgbench', '-n', '-M', 'prepared', '-T', str(seconds), '-c', str(clients),
                                                 '-j', '1', *files, *defines), capture_output=True, text=True, check=False)
    own = sum(os.times()[2:4]) - own
    if done.returncode or 'tps = ' not in done.stdout:
        sys.exit(f'pgbench: {done.stdout}{done.stderr[-2000:]}\n{scripts[0][0].path.read_text()[:2000]}')
    count = int(re.search(r'transactions actually processed: (\d+)', done.stdout)[1])
    rate = float(re.search(r'tps = ([\d.]+)', done.stdout)[1])
    return {'rate': rate, 'database_us': (world.database_cpu() - database) * 1e6 / count, 'load_us': own * 1e6 / count}


def best_clients(world, scripts, counts, seconds):
    """The number of clients at which pgbench is fastest."""
    return max(counts, key=lambda clients: run(world, scripts, seconds, clients)['rate'])
