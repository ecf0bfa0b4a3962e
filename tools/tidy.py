#!/usr/bin/env python3
"""./dev tidy: the checks that are ours. Each message says where, what, and what to write instead.

    tidy.py [--update]      --update writes what fell to tools/tidy_baseline.json (never what rose)
"""
import argparse
import json
import pathlib
import sys

import tidy_coroutines
import tidy_cpp
import tidy_documents
import tidy_includes
import tidy_sizes
import tidy_terms
import tidy_words
import wrap_markdown

TEXTS = ('.md', '.h', '.cc', '.py', '.js', '.sh', '.sql', '.txt', '.cmake', '.clang-tidy', '/run', 'dev')
ROOT = pathlib.Path(__file__).resolve().parent.parent


def cpp_files(root):
    """Our C++ sources: path relative to the root, and text."""
    found = sorted(path for folder in ('src', 'test') for pattern in ('*.h', '*.cc') for path in
                   (root / folder).rglob(pattern) if 'node_modules' not in path.parts)
    return [(str(path.relative_to(root)), path.read_text(encoding='utf-8')) for path in found]


def documents(root):
    """Whatever may name a document, and the tree in which it must be; fixtures of our own tests name others."""
    tree, texts = {}, []
    for path in wrap_markdown.files(root):
        tree[path] = ''
        if not path.endswith(TEXTS) or (path.startswith('tools/') and path.endswith('_test.py')):
            continue
        text = (root / path).read_text(encoding='utf-8')
        texts.append((path, text))
        if path.endswith('.md'):
            tree[path] = text
    return texts, tree


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--json', type=pathlib.Path, help='also write what was checked and found to this file')
    options = parser.parse_args()

    pages = wrap_markdown.pages(ROOT)
    sources = [(path, text, tidy_cpp.strip(text)) for path, text in cpp_files(ROOT)]
    checks = {
        'include rows': tidy_includes.check(sources, (ROOT / 'src/CMakeLists.txt').read_text()) +
        tidy_includes.check_rows({path.name for path in (ROOT / 'src').iterdir() if path.is_dir()},
                                 (ROOT / tidy_includes.STYLE).read_text(encoding='utf-8')),
        'sizes': tidy_sizes.check(ROOT, sources, update=options.update),
        'words': tidy_words.check(ROOT, sources, update=options.update),
        'coroutines': tidy_coroutines.check(sources),
        'documents': tidy_documents.check(*documents(ROOT)),
        'terms': tidy_terms.check(pages),
        'wrapped prose': wrap_markdown.check(pages),
    }
    for problems in checks.values():
        for problem in problems:
            print(problem)
    for name, problems in checks.items():
        print(f'tidy: {name}: {"fine" if not problems else f"{len(problems)} to mend"}')
    if options.json:
        options.json.write_text(json.dumps(checks))
    sys.exit(any(checks.values()))


if __name__ == '__main__':
    main()
