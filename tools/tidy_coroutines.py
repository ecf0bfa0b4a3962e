"""Traps of coroutines on g++ 12.2 that no compiler tells of."""
import re

import tidy_cpp

_AWAIT = re.compile(r'\bco_await\b')
_CAPTURING_COROUTINE = re.compile(
    r'\[([^\[\]]+)\]\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*(?:mutable\s*)?->\s*(?:[\w:]+::)?(?:Task|awaitable)\s*<')


def check(sources):
    problems = []
    for path, _, code in sources:
        problems += [f'{path}:{line}: {message}' for line, message in check_code(code)]
    return problems


def check_code(code):
    found = []
    for match in _AWAIT.finditer(code):
        expression, end = _awaited(code, match.end())
        if '{' in expression:
            found.append((tidy_cpp.line_of(code, match.start()),
                          'braces after co_await: g++ 12 destroys an aggregate made there twice; '
                          'name it on the line above and pass the name'))
        if _AWAIT.search(expression):
            found.append((tidy_cpp.line_of(code, match.start()),
                          'two co_await in one statement; give the first a name on the line above'))
    for match in _CAPTURING_COROUTINE.finditer(code):
        if match.group(1).strip() and not code[:match.start()].rstrip().endswith('operator'):
            found.append((tidy_cpp.line_of(code, match.start()),
                          f'a coroutine lambda captures "{match.group(1).strip()}", which may be gone when it resumes; '
                          'capture nothing and pass it as a parameter'))
    return found


def _awaited(code, start):
    """The text from `start` to the end of the awaited operand: a `;`, or the bracket that holds the co_await closes."""
    depth = 0
    for offset in range(start, len(code)):
        sign = code[offset]
        if sign in '([{':
            depth += 1
        elif sign in ')]}':
            depth -= 1
            if depth < 0:
                return code[start:offset], offset
        elif sign == ';' and depth == 0:
            return code[start:offset], offset
    return code[start:], len(code)
