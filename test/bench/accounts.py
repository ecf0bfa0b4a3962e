"""CPU time of processes, from the operating system's accounts: steadier than a rate where the load runs beside them."""
import os
import pathlib

TICKS_PER_SECOND = os.sysconf('SC_CLK_TCK')


def stat_of(pid):
    """(parent, CPU seconds of the process and of its children that ended), or None when it is gone."""
    try:
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / TICKS_PER_SECOND


def cpu_seconds(root, without=()):
    """CPU seconds of a process with all that descend from it, but for the subtrees of `without`."""
    stats = {int(path.name): stat_of(path.name) for path in pathlib.Path('/proc').iterdir() if path.name.isdigit()}
    children = {}
    for pid, stat in stats.items():
        if stat:
            children.setdefault(stat[0], []).append(pid)
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        if pid in without or not stats.get(pid):
            continue
        total += stats[pid][1]
        waiting += children.get(pid, [])
    return total


def resident_mb(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    return int(next(line for line in status.splitlines() if line.startswith('VmRSS')).split()[1]) / 1024
