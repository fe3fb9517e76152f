"""The list of cases: a function with a title, and for long it may take when nothing else goes on."""

CASES = []


def case(title, seconds=10):
    """Registers the function below as the case `title`. Long ones are begun first."""

    def register(function):
        CASES.append((title, seconds, function))
        return function

    return register
