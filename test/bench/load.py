"""The closed loop of ./dev bench: wrk with requests that are made beforehand, so that it spends its time on sending."""
import os
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).with_name('requests.lua')


def write_requests(path, asks, prefix):
    """A file for requests.lua."""
    with open(path, 'wb') as file:
        for ask in asks:
            body = ask.body.encode()
            headers = {'Host': 'localhost', **ask.headers, **({'Content-Length': len(body)} if body else {})}
            lines = [f'{ask.method} {prefix}/{ask.path} HTTP/1.1', *(f'{name}: {value}' for name, value in headers.items())]
            data = '\r\n'.join(lines).encode() + b'\r\n\r\n' + body
            file.write(f'{len(data)}\n'.encode() + data + b'\n')


def run(port, requests, seconds, connections, watched):
    """One run. `watched` names functions that return CPU seconds so far; the answer has µs a request of each, and of
    the load itself as "load_us"."""
    before = {name: read() for name, read in watched.items()}
    own = sum(os.times()[2:4])
    printed = subprocess.run(['wrk', '-t1', f'-c{connections}', f'-d{seconds}', '--timeout', '30', '-s', SCRIPT,
                              f'http://127.0.0.1:{port}', '--', requests], capture_output=True, text=True, check=True).stdout
    own = sum(os.times()[2:4]) - own
    result = next(line for line in printed.splitlines() if line.startswith('RESULT'))
    count, micros, errors, p50, p99, longest = map(int, result.split()[1:])
    if errors or not count:
        sys.exit(f'{errors} of {count} requests to port {port} failed')
    cpu = {f'{name}_us': (read() - before[name]) * 1e6 / count for name, read in watched.items()}
    return {'rate': count * 1e6 / micros, **cpu, 'load_us': own * 1e6 / count,
            'latency_p50_us': p50, 'latency_p99_us': p99, 'latency_max_us': longest}
