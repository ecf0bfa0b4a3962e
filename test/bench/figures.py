"""How measured figures are printed."""
import statistics


def spread(values, form):
    """The median, and from the lowest to the highest."""
    return f'{statistics.median(values):{form}} ({min(values):{form}}..{max(values):{form}})'


def ratios(rounds, field, over, under):
    """The ratio of `over` to `under` within each round of [{name: result}]: both saw the same machine."""
    return [one[over][field] / one[under][field] for one in rounds]
