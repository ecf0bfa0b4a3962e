"""The command line of a bench that runs cases."""
import argparse


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not at least 1')
    return number


def parser_of(description, cases, rounds, seconds):
    """A parser for names of `cases` and for the load, with these defaults. An unknown name ends the program."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [case.name for case in cases]

    # Not `choices`: with them, argparse refuses that no case is named.
    def known(name):
        if name not in names:
            raise argparse.ArgumentTypeError(f'there is no case "{name}", but: {", ".join(names)}')
        return name

    parser.add_argument('case', nargs='*', metavar='CASE', type=known, help='one of ' + ', '.join(names))
    parser.add_argument('--rounds', type=positive, default=rounds)
    parser.add_argument('--seconds', type=positive, default=seconds)
    parser.add_argument('--connections', type=positive, default=64)
    return parser


def chosen(cases, options):
    """The cases that the options name, in the order of `cases`; all of them when the options name none."""
    return [case for case in cases if not options.case or case.name in options.case]
