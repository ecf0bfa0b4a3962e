"""Which way includes point: a row for each folder, compared with #include lines, src/CMakeLists.txt and docs/style.md."""
import re

# The whole permission of each folder, lowest floor first. To these come: `base` for everyone, `telemetry` for everyone
# but the pure folders, and `pgtypes` for who names `pg`.
ROWS = {
    'base': '',
    'rest': '',
    'pgtypes': '',
    'config': '',
    'telemetry': '',
    'catalog': 'pgtypes',
    'net': '',
    'cache': '',
    'auth': '',
    'plan': 'rest catalog',
    'pg': 'net pgtypes',
    'http': 'net',
    'sql': 'plan pgtypes',
    'changes': 'catalog pg pgtypes',
    'introspect': 'catalog pg',
    'embedded': 'config pg',
    'migrate': 'pg config',
    'admin': 'http auth config',
    'dependencies': 'auth catalog plan sql cache pg changes',
    'serve': 'dependencies http auth rest catalog plan sql cache pg changes',
    'bench': 'net http config pg',
    'server': 'serve dependencies sql introspect embedded changes migrate admin plan pg http catalog net cache auth rest config',
    'cli': 'server bench migrate admin auth config',
}
STYLE = 'docs/style.md'
PURE = {'base', 'rest', 'catalog', 'plan', 'sql', 'pgtypes', 'config', 'telemetry'}
# Signatures of pg and http speak of coroutines, so that who names one of them may name these headers of net (the type,
# waiting for a time, owning what was started, running what takes long elsewhere), and no more.
COROUTINE_HEADERS = {'net/task.h', 'net/sleep.h', 'net/spawn.h', 'net/event.h', 'net/worker.h'}

# A row of the table in docs/style.md: `folder/`, what lives there, what it may include.
_STYLE_ROW = re.compile(r'^\| `(\w+)/` \|[^|]*\|([^|]*)\|$', re.MULTILINE)
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
_ANY_INCLUDE = re.compile(r'^#include ["<]([^">]+)[">]', re.MULTILINE)
_FOLDER_TARGET = re.compile(r'pando_folder\((\w+)[^)]*?DEPENDS\s+([^)]*?)(?:\s(?:TEST_)?LIBRARIES[^)]*)?\)')


def allowed(folder):
    names = set(ROWS[folder].split()) | {folder, 'base'}
    if folder not in PURE:
        names.add('telemetry')
    if 'pg' in names:
        names.add('pgtypes')
    return names


def reachable(folder):
    """The row with the rows below it: what a test may name in order to arrange what its folder is given."""
    names, waiting = set(), [folder]
    while waiting:
        one = waiting.pop()
        if one not in names:
            names.add(one)
            waiting += allowed(one)
    return names


def is_test(path):
    name = path.rsplit('/', 1)[1]
    return name.startswith('test_') or name.endswith(('_test.cc', '_fuzz.cc', '_fixture.h', '_bench.cc'))


def may_include(folder, header, in_test=False):
    target = header.split('/')[0]
    if target in (reachable(folder) if in_test else allowed(folder)):
        return True
    return header in COROUTINE_HEADERS and bool({'pg', 'http'} & allowed(folder))


def check(sources, cmake):
    problems, named = check_own_first(sources), {}
    for path, text, _ in sources:
        parts = path.split('/')
        if parts[0] != 'src' or len(parts) < 3:
            continue
        folder = parts[1]
        if folder not in ROWS:
            problems.append(f'{path}: folder "{folder}" has no row; give it one in tools/tidy_includes.py and {STYLE}')
            continue
        for match in _INCLUDE.finditer(text):
            problems += _check_include(path, folder, match.group(1), text.count('\n', 0, match.start()) + 1)
            if '/' in match.group(1) and not is_test(path):
                named.setdefault(folder, set()).add(match.group(1).split('/')[0])
    return problems + _check_cmake(cmake, named)


def check_rows(folders, style):
    """The rows are those of the folders that exist, and the table in docs/style.md has the same."""
    table = {folder: set(row.split()) for folder, row in _STYLE_ROW.findall(style)}
    problems = [f'tools/tidy_includes.py: the row of {folder} is of no folder in src/; take it out'
                for folder in sorted(ROWS.keys() - folders)]
    for folder in sorted(ROWS.keys() | table.keys()):
        row = set(ROWS[folder].split()) if folder in ROWS else None
        if row != table.get(folder):
            problems.append(f'{STYLE}: the row of {folder} differs from the one in tools/tidy_includes.py, which is '
                            f'{"missing" if row is None else " ".join(sorted(row)) or "empty"}')
    for folder, row in ROWS.items():
        problems += [f'tools/tidy_includes.py: the row of {folder} names {name}, which has no row; take it out'
                     for name in row.split() if name not in ROWS]
    return problems


def check_own_first(sources):
    """NAME.cc includes NAME.h before anything else, which proves that the header compiles by itself."""
    problems, headers = [], {path for path, _, _ in sources if path.endswith('.h')}
    for path, text, _ in sources:
        own = path.removesuffix('.cc') + '.h'
        first = _ANY_INCLUDE.search(text)
        if path.startswith('src/') and own in headers and own != path and first and first.group(1) != own.removeprefix('src/'):
            problems.append(f'{path}:{text.count(chr(10), 0, first.start()) + 1}: its own header comes first; '
                            f'write #include "{own.removeprefix("src/")}" above this')
    return problems


def _check_include(path, folder, header, line):
    if '/' not in header:
        return [f'{path}:{line}: #include "{header}" leaves its folder out; write "{folder}/{header}"']
    if header.startswith('test/') or may_include(folder, header, is_test(path)):
        return []
    row = ' '.join(sorted(allowed(folder) - {folder}))
    return [f'{path}:{line}: {folder}/ may not include "{header}": its row is: {row}. '
            f'Move what both need to a floor below, or let a file above them do it']


def _check_cmake(cmake, named):
    """A folder links what it includes, and nothing that its row forbids."""
    problems = []
    for folder, listed in _FOLDER_TARGET.findall(cmake):
        linked = set(listed.split())
        permitted = allowed(folder) if folder in ROWS else set()
        if {'pg', 'http'} & permitted:
            permitted = permitted | {'net'}
        for extra in sorted(linked - permitted):
            problems.append(f'src/CMakeLists.txt: {folder} links {extra}, which its row does not name; take it out')
        for missing in sorted(named.get(folder, set()) & set(ROWS) - linked - {folder}):
            problems.append(f'src/CMakeLists.txt: {folder} includes {missing}/ but does not link it; add it to DEPENDS')
    return problems
