from contextlib import contextmanager


@contextmanager
def without(rule):
    yield
