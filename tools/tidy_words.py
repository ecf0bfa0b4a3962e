"""The word ratchet: words that mark prose which is hard to read are counted for each folder, and may only become fewer.

docs/style.md says what to write instead. Counted are comments and strings of C++, all of Python, JavaScript and SQL, and
the pages that people write.
"""
import collections
import re

import ratchet
import tidy_cpp
import wrap_markdown

# A line of a comment may end between two words.
_GAP = r'\s+(?://+\s*|#+\s*)?'
WORDS = re.compile(rf'^[ \t]*(?://|#) Of |(?i:whoever|nobody|somebody|\bhe\b|\bhis\b|\bis{_GAP}told\b|\bby{_GAP}itself\b)',
                   re.MULTILINE)
OTHER_SOURCES = ('*.py', '*.js', '*.sql')
SHOW_THEM = {'docs/style.md', 'docs/glossary.md'}  # as examples of what not to write


def prose_of_cpp(text, code):
    """The comments and literals of a C++ source: what tidy_cpp.strip() blanked out, everything else blank."""
    return ''.join(kept if kept == '\n' or blank != kept else ' ' for kept, blank in zip(text, code))


def count(texts):
    """Matches by folder, of (path, prose)."""
    counts = collections.Counter()
    for path, prose in texts:
        found = len(WORDS.findall(prose))
        if found:
            counts[path.rpartition('/')[0] or '.'] += found
    return dict(counts)


def texts_of(root, sources):
    for path, text, code in sources:
        yield path, prose_of_cpp(text, code)
    for folder in ('src', 'test'):
        for pattern in OTHER_SOURCES:
            for path in (root / folder).rglob(pattern):
                if 'node_modules' not in path.parts:
                    yield str(path.relative_to(root)), path.read_text(encoding='utf-8')
    for path, text in wrap_markdown.pages(root):
        if path not in SHOW_THEM:
            yield path, text


def check(root, sources, update=False):
    counts = count(texts_of(root, sources))
    return ratchet.check(root, 'words', counts, update, lambda folder, before: (
        f'{folder}: {counts[folder]} words of the list in tools/tidy_words.py, where {before or 0} are recorded; '
        f'docs/style.md says what to write instead'))
