"""How measured figures are printed."""
import statistics


def spread(values, form):
    """The median, and from the lowest to the highest."""
    return f'{statistics.median(values):{form}} ({min(values):{form}}..{max(values):{form}})'
