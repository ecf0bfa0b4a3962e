#!/usr/bin/env python3
"""One rule for prose in Markdown: paragraphs and list items fill lines of 120 columns.

    wrap_markdown.py            wraps every page of the repository (./dev fmt)
    wrap_markdown.py --check    names the lines that it would change

Code blocks, tables, headings, link definitions and HTML stay as they are. A code span is never broken, so that a long
one may stand out, as may a long link. The rendered page is the same before and after.
"""
import argparse
import difflib
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH = 120
PRINTED = {f'docs/reference/{page}.md' for page in ('options', 'errors', 'metrics')}  # by ./dev docs
SKIPPED_FOLDERS = {'build', 'node_modules', '.git'}

_FENCE = re.compile(r'^ {0,3}(`{3,}(?=[^`]*$)|~{3,})')
_HEADING = re.compile(r'^ {0,3}#{1,6}(?:\s|$)')
_UNDERLINE = re.compile(r'^ {0,3}(?:=+|-+)\s*$')
_RULE = re.compile(r'^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$')
_HTML = re.compile(r'^ {0,3}<(?:!--|[?!/]?[A-Za-z][\w-]*(?:[\s/>]|$))')
_QUOTE = re.compile(r'^ {0,3}> ?')
_DEFINITION = re.compile(r'^ {0,3}\[[^\]]+\]:')
_TABLE_RULE = re.compile(r'^ {0,3}(?=.*\|)\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$')
_ITEM = re.compile(r'^( {0,3})([-+*]|\d{1,9}[.)])( +(?=\S)|$)')
_CODE = re.compile(r'^ {4}')
_CODE_SPAN = re.compile(r'(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)', re.DOTALL)
# A word that would begin another block, were it the first of a line: it stays beside the word before it, as does one
# after a backslash, which would break the line were it the last.
_BEGINS_BLOCK = re.compile(r'[-+*=_]+$|\d{1,9}[.)]$|#{1,6}$|>|\||<|`{3}|~{3}|\[[^]]+\]:')
_HARD_BREAK = re.compile(r'(?: {2,}|\\)$')


def wrap(text, width=WIDTH):
    """The page with its prose wrapped."""
    return ''.join(line + '\n' for line in _blocks(text.split('\n')[:-1] if text.endswith('\n') else text.split('\n'), width))


def _blocks(lines, width):
    """The lines of a page, of a list item or of a quotation, their prose wrapped."""
    out, at = [], 0
    while at < len(lines):
        kind = _kind(lines, at)
        end = _ENDS[kind](lines, at)
        out += _WRAPS.get(kind, lambda block, _: block)(lines[at:end], width)
        at = end
    return out


def _kind(lines, at):
    line = lines[at]
    if not line.strip():
        return 'line'
    if _CODE.match(line):
        return 'code'
    if _FENCE.match(line):
        return 'fence'
    if _HEADING.match(line) or _RULE.match(line) or _DEFINITION.match(line):
        return 'line'
    if _HTML.match(line):
        return 'html'
    if _QUOTE.match(line):
        return 'quote'
    if _ITEM.match(line):
        return 'item'
    if at + 1 < len(lines) and _TABLE_RULE.match(lines[at + 1]):
        return 'table'
    return 'paragraph'


def _interrupts(lines, at):
    """Whether the line ends a paragraph that stands above it, because another block begins."""
    kind = _kind(lines, at)
    if kind == 'item':  # a sentence may have "2. " at the beginning of a line; only a list from 1 on begins there
        marker = _ITEM.match(lines[at])
        return bool(marker.group(3)) and marker.group(2) in ('-', '+', '*', '1.', '1)')
    if kind == 'line':
        return not lines[at].strip() or not _DEFINITION.match(lines[at])
    return kind in ('fence', 'html', 'quote', 'table')


def _end_of_fence(lines, at):
    mark = _FENCE.match(lines[at]).group(1)
    close = re.compile(rf'^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}\s*$')
    return next((end + 1 for end in range(at + 1, len(lines)) if close.match(lines[end])), len(lines))


def _end_of_html(lines, at):
    if '<!--' in lines[at]:
        return next((end + 1 for end in range(at, len(lines)) if '-->' in lines[end]), len(lines))
    return _next_blank(lines, at)


def _next_blank(lines, at):
    return next((end for end in range(at, len(lines)) if not lines[end].strip()), len(lines))


def _end_of_paragraph(lines, at):
    end = at + 1
    while end < len(lines) and not _UNDERLINE.match(lines[end]) and not _interrupts(lines, end):
        end += 1
    return end + 1 if end < len(lines) and _UNDERLINE.match(lines[end]) else end


def _content_indent(line):
    """Where the text of a list item begins; after five blanks it is code, which begins after the first."""
    marker = _ITEM.match(line)
    blanks = len(marker.group(3))
    return marker.end(2) + (blanks if 1 <= blanks <= 4 else 1)


def _content_of(lines):
    """The lines of a list item without its marker and indent."""
    indent = _content_indent(lines[0])
    return [line[indent:] if number == 0 or not line[:indent].strip() else line.lstrip()
            for number, line in enumerate(lines)]


def _ends_in_prose(lines):
    """Whether a line at the margin would go on with the paragraph that these lines of a list item end in."""
    content, at = _content_of(lines), 0
    while at < len(content):
        kind = _kind(content, at)
        end = _ENDS[kind](content, at)
        if end == len(content):
            return kind == 'paragraph' or kind == 'item' and _ends_in_prose(content[at:])
        at = end
    return False


def _end_of_item(lines, at):
    indent, end = _content_indent(lines[at]), at + 1
    while end < len(lines):
        line = lines[end]
        if line[:indent].strip() and not (_kind([line.lstrip()], 0) == 'paragraph' and not _UNDERLINE.match(line) and
                                          _ends_in_prose(lines[at:end])):
            break
        end += 1
    while not lines[end - 1].strip() and end > at + 1:  # blank lines after it are between blocks
        end -= 1
    return end


def _end_of_quote(lines, at):
    return next((end for end in range(at, len(lines)) if not _QUOTE.match(lines[end])), len(lines))


def _wrap_item(lines, width):
    indent = _content_indent(lines[0])
    wrapped = _blocks(_content_of(lines), width - indent)
    head = lines[0][:indent].ljust(indent) + wrapped[0] if wrapped[0] else lines[0]
    return [head] + [' ' * indent + line if line else '' for line in wrapped[1:]]


def _wrap_quote(lines, width):
    return [f'> {line}' if line else '>' for line in _blocks([_QUOTE.sub('', line, count=1) for line in lines], width - 2)]


def _wrap_paragraph(lines, width):
    if _UNDERLINE.match(lines[-1]) and len(lines) > 1:
        return lines  # a heading, underlined
    out, sentence = [], []
    for number, line in enumerate(lines):
        hard = _HARD_BREAK.search(line) if number + 1 < len(lines) else None
        sentence.append(line.strip() if not hard else line[:hard.start()].strip())
        if hard and sentence != ['']:
            out += _fill('\n'.join(sentence), width - len(hard.group()))
            out[-1:] = [''.join(out[-1:]) + hard.group()]
            sentence = []
    return out + _fill('\n'.join(sentence), width)


def words(text):
    """What a line may be broken between: words, with a code span and what touches it as one."""
    pieces, at = [], 0
    for span in _CODE_SPAN.finditer(text):
        pieces += [text[at:span.start()], span.group().replace('\n', ' ').replace(' ', '\0')]
        at = span.end()
    found = []
    for word in ''.join(pieces + [text[at:]]).split():
        if found and (_BEGINS_BLOCK.match(word) or found[-1].endswith('\\')):
            found[-1] += f' {word}'
        else:
            found.append(word)
    return [word.replace('\0', ' ') for word in found]


def _fill(text, width):
    lines = []
    for word in words(text):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f' {word}'
        else:
            lines.append(word)
    return lines


_ENDS = {'line': lambda lines, at: at + 1, 'fence': _end_of_fence, 'html': _end_of_html, 'table': _next_blank,
         'code': lambda lines, at: next((end for end in range(at, len(lines)) if not _CODE.match(lines[end])), len(lines)),
         'quote': _end_of_quote, 'item': _end_of_item, 'paragraph': _end_of_paragraph}
_WRAPS = {'item': _wrap_item, 'quote': _wrap_quote, 'paragraph': _wrap_paragraph}


def files(root):
    """The files of the repository, without what was built or installed: paths relative to the root, in order."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def pages(root):
    """The Markdown pages that people write: path relative to the root, and text."""
    return [(path, (root / path).read_text(encoding='utf-8')) for path in files(root)
            if path.endswith('.md') and path not in PRINTED]


def check(written):
    """A problem for each page that is not wrapped, with the first line that differs."""
    problems = []
    for path, text in written:
        before, after = text.split('\n'), wrap(text).split('\n')
        if before != after:
            first = next(change[1] for change in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
                         if change[0] != 'equal')
            problems.append(f'{path}:{first + 1}: prose is wrapped at {WIDTH} columns; run ./dev fmt')
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    options = parser.parse_args()
    written = pages(ROOT)
    if options.check:
        problems = check(written)
        print('\n'.join(problems), end='\n' if problems else '')
        sys.exit(bool(problems))
    for path, text in written:
        if wrap(text) != text:
            (ROOT / path).write_text(wrap(text), encoding='utf-8')


if __name__ == '__main__':
    main()
