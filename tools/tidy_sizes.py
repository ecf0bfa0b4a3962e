"""The size ratchet: a file or function over its limit is recorded with its length, may shrink, and may not grow."""
import ratchet
import tidy_cpp

FILE_LINES = 600
FUNCTION_LINES = 70


def measure(sources):
    """Everything over its limit: "path" or "path function" to a number of lines."""
    sizes = {}
    for path, text, code in sources:
        lines = text.count('\n')
        if lines > FILE_LINES:
            sizes[path] = lines
        for name, first, last in tidy_cpp.functions(code):
            if last - first + 1 > FUNCTION_LINES:
                key = f'{path} {name}'
                sizes[key] = max(sizes.get(key, 0), last - first + 1)
    return sizes


def problem(what, lines, before):
    is_function = ' ' in what
    limit = FUNCTION_LINES if is_function else FILE_LINES
    advice = ('keep the branching here and move straight-line work into helpers' if is_function else
              'a file this long usually holds two ideas; give the second its own file')
    if before is None:
        return f'{what}: {lines} lines, more than {limit}; {advice}'
    return f'{what}: grew from {before} to {lines} lines and may only shrink; {advice}'


def check(root, sources, update=False):
    sizes = measure(sources)
    return ratchet.check(root, 'sizes', sizes, update, lambda what, before: problem(what, sizes[what], before))
