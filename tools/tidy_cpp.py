"""What the checks need to know of C++: text without comments and literals, and where functions begin and end."""
import re

_BLANKED = re.compile(r'''
    //[^\n]*                                  # line comment
  | /\*.*?\*/                                 # block comment
  | R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"   # raw string
  | "(?:\\.|[^"\\\n])*"                       # string
  | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'       # character, and not the separator of 10'000
''', re.VERBOSE | re.DOTALL)

_CONTROL = re.compile(r'\b(?:if|for|while|switch|catch|do|else|try)\b')


def strip(text):
    """The text with comments and literals blanked out; every line and column stays where it was."""
    return _BLANKED.sub(lambda match: re.sub(r'[^\n]', ' ', match.group()), text)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def functions(code):
    """(name, first line, last line) of each function body in stripped code; a lambda counts in what holds it."""
    found, stack, head_start = [], [], 0
    code = re.sub(r'^[ \t]*#.*(?:\\\n.*)*', lambda m: re.sub(r'[^\n]', ' ', m.group()), code, flags=re.MULTILINE)
    for match in re.finditer(r'[{};]', code):
        offset, sign = match.start(), match.group()
        if sign == '{':
            inside = any(kind == 'function' for kind, _, _ in stack)
            head = code[head_start:offset]
            stack.append((_kind(head, inside), _name(head), head_start + len(head) - len(head.lstrip())))
        elif sign == '}' and stack:
            kind, name, start = stack.pop()
            if kind == 'function':
                found.append((name, line_of(code, start), line_of(code, offset)))
        head_start = offset + 1
    return sorted(found, key=lambda function: function[1])


def _kind(head, inside_function):
    if inside_function:
        return 'block'
    if re.search(r'\bnamespace\b|\bextern\s*$', head):
        return 'namespace'
    if re.search(r'\b(?:class|struct|union|enum)\b(?![^<]*>)', head) and not re.search(r'\)\s*(?:const|noexcept|override|final|\s)*$', head):
        return 'type'
    if head.count('(') != head.count(')'):  # an initialiser inside a call
        return 'block'
    if '(' in head and not re.search(r'=\s*$', head) and not _CONTROL.match(head.strip()):
        return 'function'
    return 'block'


def _name(head):
    match = re.search(r'([~\w:]+|operator\s*\S+)\s*\(', head)
    return match.group(1) if match else '?'
