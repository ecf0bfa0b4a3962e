"""The terms of docs/glossary.md: the synonyms that it prints in bold are in no page of the repository."""
import re

GLOSSARY = 'docs/glossary.md'
SHOW_THEM = {GLOSSARY, 'docs/style.md', 'CHANGELOG.md'}

_ROW = re.compile(r'^\| (?!term |---)([^|]+) \|[^|]*\|([^|]*)\|$', re.MULTILINE)
_BOLD = re.compile(r'\*\*([^*]+)\*\*')
# Code is the words of a program or of SQL.
_CODE = re.compile(r'^```.*?^```$|`[^`]*`', re.MULTILINE | re.DOTALL)


def refused(glossary):
    """A synonym in bold to the term that stands for it."""
    return {synonym: term.strip() for term, synonyms in _ROW.findall(glossary) for synonym in _BOLD.findall(synonyms)}


def check(pages):
    """`pages`: (path, text) of what people write, the glossary among them."""
    instead = refused(dict(pages)[GLOSSARY])
    pattern = re.compile(r'\b(' + '|'.join(re.escape(word).replace(r'\ ', r'\s+') for word in instead) + r')\b',
                         re.IGNORECASE)
    by_word = {word.lower(): term for word, term in instead.items()}
    problems = []
    for path, text in pages:
        if path in SHOW_THEM:
            continue
        prose = _CODE.sub(lambda code: re.sub(r'[^\n]', ' ', code.group()), text)
        for match in pattern.finditer(prose):
            word = re.sub(r'\s+', ' ', match.group())
            problems.append(f'{path}:{text.count(chr(10), 0, match.start()) + 1}: write "{by_word[word.lower()]}" for '
                            f'"{word}" ({GLOSSARY})')
    return problems
