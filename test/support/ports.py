"""Ports for servers that tests start. The kernel gives ports to the near ends of connections too, so that one of its choice may be
taken again before the server listens: these are from below those."""
import pathlib
import random
import socket

_LOWEST = 10_240
_kept = []  # until the process ends


def free_port():
    """A port of 127.0.0.1 that no other process of these tests is given, of this clone or another."""
    first_of_kernel = int(pathlib.Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split()[0])
    while True:
        port = random.randrange(_LOWEST, max(first_of_kernel, 2 * _LOWEST))
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f'\0pando-test-port-{port}')
            with socket.socket() as probe:
                probe.bind(('127.0.0.1', port))
        except OSError:
            mark.close()
            continue
        _kept.append(mark)
        return port
