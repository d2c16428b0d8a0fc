"""Runs test modules, each in a process of its own, and adds up what they say."""
import concurrent.futures
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from . import case, schema, tree

TESTS = pathlib.Path(__file__).resolve().parents[1]
MODULE_TIMEOUT = 900        # seconds; a module that hangs is a failure, not the end of the run


class Result(unittest.TestResult):
    """One line per test."""

    def __init__(self, name):
        super().__init__()
        self.name, self.passed, self.problems = name, 0, 0

    def _line(self, word, test, text=""):
        seconds = time.perf_counter() - self.started
        print(f"{word:4} {self.name}: {test.id().split('.', 1)[-1]} ({seconds:.2f} s){text}", flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.started, self.bad = time.perf_counter(), False

    def addSuccess(self, test):
        if not self.bad:
            self.passed += 1
            self._line("ok", test)

    def _bad(self, test, text):
        self.problems += 1
        self.bad = True
        if not hasattr(self, "started"):
            self.started = time.perf_counter()
        self._line("FAIL", test, "\n" + text)

    def addFailure(self, test, err):
        self._bad(test, self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._bad(subtest, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("skip", test, f" {reason}")

    def addExpectedFailure(self, test, err):
        self._bad(test, "expected failures are not used here")

    def addUnexpectedSuccess(self, test):
        self._bad(test, "expected failures are not used here")


def add_counts(passed, failed, skipped, name):
    """Appends to the file that ROOST_TEST_COUNTS names, for the sum over all suites."""
    if path := os.environ.get("ROOST_TEST_COUNTS"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{passed} {failed} {skipped} {name}\n")


def run_module(path, pattern):
    """Runs the tests of one file whose names have the pattern; returns (passed, failed, skipped)."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [f"*{pattern}*"]
    result = Result(path.stem)
    log = []
    try:
        spec.loader.exec_module(module)
        loader.loadTestsFromModule(module).run(result)
    finally:
        log = case.stop_instances()
    if log:
        result.problems += 1
        print(f"FAIL {path.stem}: the log has problems\n" + "\n".join(log[:50]), flush=True)
    return result.passed, result.problems, len(result.skipped)


def run_child(path, pattern, installed):
    """Runs a module in a new process: its crash or hang harms no other."""
    with tempfile.NamedTemporaryFile() as counts:
        environment = {**os.environ, "ROOST_TEST_COUNTS": counts.name, "ROOST_INSTALLED": str(installed)}
        command = [sys.executable, str(TESTS / "run-integration"), "--module", str(path), pattern]
        try:
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=MODULE_TIMEOUT)
            output = done.stdout
        except subprocess.TimeoutExpired as error:
            output = f"{(error.stdout or b'').decode()}FAIL {path.stem}: not done after {MODULE_TIMEOUT} s\n"
        line = counts.read().decode().split()
    if not line:
        return output + f"FAIL {path.stem}: the test process ended early\n", (0, 1, 0)
    return output, tuple(map(int, line[:3]))


def select(pattern):
    """(files, pattern for names of tests): "ping" runs the files of that name; "ping:wakes" and, where no file has the
    name, "wakes" run the tests of that name."""
    files = sorted((TESTS / "integration").glob("test_*.py"))
    wanted, _, name = pattern.partition(":")
    found = [path for path in files if wanted in path.stem]
    return (found, name) if found or name else (files, wanted)


def run_all(pattern, jobs, build, sanitized=None):
    """Installs, runs the modules, prints the results; returns whether all is well."""
    schema.available()
    files, name = select(pattern)
    sums, began = [0, 0, 0], time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="roost-tree-") as folder:
        os.chmod(folder, 0o755)
        installed = tree.make_tree(build, folder, sanitized)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            runs = [pool.submit(run_child, path, name, installed) for path in files]
            for run in concurrent.futures.as_completed(runs):
                output, counts = run.result()
                print(output, end="", flush=True)
                sums = [a + b for a, b in zip(sums, counts)]
    kind = "integration tests" + (", sanitized" if sanitized else "")
    print(f"{kind}: {sums[0]} passed, {sums[1]} failed, {sums[2]} skipped in {time.perf_counter() - began:.0f} s")
    add_counts(*sums, kind.replace(" ", "-"))
    return sums[1] == 0 and sums[0] > 0
