"""What names a document names one of the tree: links of pages, and names of pages in comments, texts and code spans."""
import posixpath
import re

# A path that ends in .md, as a whole word. Without a folder it is the name of some page of the tree.
_PAGE = re.compile(r'(?<![\w/.:*-])((?:[\w.*-]+/|\.\./)*[\w*-]+\.md)\b(?!\.)')
_LINK = re.compile(r'\]\(([^)\s#]*)(?:#([^)\s]*))?\)')
_GAP = r'\s+(?:(?://|#)\s*)?'  # a line of a comment may end there
_SECTION = re.compile(r'((?:docs/)?(?:rest|cache|style)\.md)\)?,?' + _GAP + 'section' + _GAP + r'(\d+)')
_FENCED = re.compile(r'^```.*?^```$', re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r'^#+ +(.*)$', re.MULTILINE)
# Markdown of others that sources name.
_NOT_OURS = re.compile(r'\.\./shared/')


def anchor(heading):
    """The name that GitHub gives a heading: lower case, blanks as hyphens, without punctuation."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


def check(texts, tree):
    """`texts`: (path, text) of whatever may name a document. `tree`: path to text of each page, and to '' of other files."""
    problems = []
    names = {path.rpartition('/')[2] for path in tree if path.endswith('.md')}
    for path, text in texts:
        if '.md' not in text and not path.endswith('.md'):
            continue
        named = text
        if path.endswith('.md'):
            problems += _links(path, text, tree)
            named = _LINK.sub(lambda link: re.sub(r'[^\n]', ' ', link.group()), text)
        for match in _PAGE.finditer(named):
            if not _exists(path, match.group(1), tree, names):
                problems.append(f'{_place(path, text, match)}: {match.group(1)} is not in the tree')
        for match in _SECTION.finditer(text):
            page = 'docs/' + match.group(1).removeprefix('docs/')
            if not re.search(rf'^## {match.group(2)}\. ', tree.get(page, ''), re.MULTILINE):
                problems.append(f'{_place(path, text, match)}: {page} has no section {match.group(2)}')
    return problems


def _place(path, text, match):
    return f'{path}:{text.count(chr(10), 0, match.start()) + 1}'


def _exists(path, named, tree, names):
    if '*' in named or _NOT_OURS.match(named):
        return True
    if '/' not in named:
        return named in names
    # Sources print pages of the reference, with links that lead from there.
    places = {posixpath.normpath(posixpath.join(place, named)) for place in ('', posixpath.dirname(path), 'docs/reference')}
    return bool(places & tree.keys())


def _links(path, text, tree):
    text = _FENCED.sub(lambda block: '\n' * block.group().count('\n'), text)
    for match in _LINK.finditer(text):
        target, part = match.groups()
        if re.match(r'\w+:', target):
            continue
        page = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
        if page not in tree:
            yield f'{_place(path, text, match)}: {target} is not in the tree'
        elif part and part not in {anchor(heading) for heading in _HEADING.findall(tree[page])}:
            yield f'{_place(path, text, match)}: {target or path} has no heading "{part}"'
