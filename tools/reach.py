"""Which jobs of ./dev test a change can reach.

A changed source reaches the unit tests of its folder and of each folder that links it (src/CMakeLists.txt), the fuzzers
there, and the tests of the program where the program links it. A changed test reaches itself. What has no rule here
reaches everything.
"""
import pathlib
import re
import subprocess

ALL = '*'
_FOLDER = re.compile(r'pando_folder\((\w+)([^)]*)\)')
# The program links all folders. These make a subcommand that two system tests run, and are not part of the server.
COMMANDS = {'bench': ('bench_test', 'populate_test')}
PROGRAM = {('system', ALL), ('e2e', ALL), ('conformance', ALL)}
INTEGRATION = {'server', 'pg', 'changes', 'introspect', 'embedded', 'migrate'}
COMMITTED_PAGES = {('unit', name) for name in ('server_test', 'telemetry_test', 'config_test')}
PAGES = {('e2e', 'guides_test'), ('e2e', 'readme_test')}

# The first that matches decides. A function is given the match and the folders' links.
RULES = [
    (r'src/(\w+)/\w+_test\.cc$', lambda found, links: {('unit', f'{found[1]}_test')}),
    (r'src/(\w+)/(\w+)_fuzz\.cc$', lambda found, links: {('fuzz', f'{found[1]}_{found[2]}')}),
    (r'src/cli/', PROGRAM),
    (r'src/(\w+)/', lambda found, links: reached_by_folder(found[1], links)),
    (r'test/support/\w+\.py$', PROGRAM),
    (r'test/(integration|support)/', {('integration', ALL)}),
    (r'test/system/(\w+_test)\.py$', lambda found, links: {('system', found[1])}),
    (r'test/system/', {('system', ALL)}),
    (r'test/e2e/(\w+)\.test\.js$', lambda found, links: {('e2e', f'{found[1]}_test')}),
    (r'test/e2e/', {('e2e', ALL)}),
    (r'test/conformance/', {('conformance', ALL), ('tidy', ALL)}),
    (r'test/data/plan/', {('unit', 'sql_test')}),
    (r'test/fuzz/corpus/(\w+)/', lambda found, links: {('fuzz', found[1])}),
    (r'test/bench/', {('tidy', ALL)}),
    (r'docs/reference/compatibility\.md$', {('conformance', ALL)} | PAGES),
    (r'docs/reference/', COMMITTED_PAGES | PAGES),
    (r'docs/|README\.md$|ARCHITECTURE\.md$|CONTRIBUTING\.md$|CHANGELOG\.md$|LICENSE$', PAGES),
    (r'examples/', {('e2e', ALL), ('system', ALL)}),
    (r'tools/(install\.sh|packages\.txt|node\.sh|compile\.sh)$', {(ALL, ALL)}),
    (r'tools/', {('tidy', ALL)}),
]


def links_of(cmake):
    """{folder: the folders that it links} from src/CMakeLists.txt."""
    links = {}
    for name, words in _FOLDER.findall(cmake):
        listed = words.split('DEPENDS', 1)[1] if 'DEPENDS' in words else ''
        links[name] = set(re.split(r'\b(?:TEST_)?LIBRARIES\b', listed)[0].split())
    return links


def above(folder, links):
    """The folder with all that link it, directly or not."""
    found, waiting = set(), [folder]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [name for name, linked in links.items() if one in linked]
    return found


def reached_by_folder(folder, links):
    folders = above(folder, links)
    reached = {('unit', f'{name}_test') for name in folders} | {('fuzz', f'{name}_{ALL}') for name in folders}
    if folders & INTEGRATION:
        reached.add(('integration', ALL))
    if 'server' in folders:
        reached |= PROGRAM
    for name, tests in COMMANDS.items():
        if name in folders:
            reached |= {('system', test) for test in tests}
    return reached


def reached_by(paths, cmake):
    """The (suite, job) pairs that changed paths reach; a star stands for anything. The checks of ./dev tidy always run."""
    links = links_of(cmake)
    reached = {('tidy', ALL)}
    for path in paths:
        for pattern, what in RULES:
            if found := re.match(pattern, path):
                reached |= what(found, links) if callable(what) else what
                break
        else:
            reached.add((ALL, ALL))
    return reached


def matches(job, reached):
    def fits(pattern, word):
        return word.startswith(pattern.rstrip(ALL)) if pattern.endswith(ALL) else word == pattern
    return any(fits(suite, job.suite) and fits(name, job.name) for suite, name in reached)


def changed_since(root: pathlib.Path, commit):
    """The paths that differ from a commit, those that git does not know yet included."""
    def lines(*words):
        done = subprocess.run(['git', *words], cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr.strip())
        return done.stdout.splitlines()
    return sorted({*lines('diff', '--name-only', commit, '--'), *lines('ls-files', '--others', '--exclude-standard')})
