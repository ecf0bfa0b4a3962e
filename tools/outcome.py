"""What a job of tests came to, and how it is read from the reports that test runners write."""
import dataclasses
import json
import pathlib
import xml.etree.ElementTree


@dataclasses.dataclass
class Outcome:
    """Counts of tests. `failures` holds a text for each failed test, `notes` what a reader should know besides, `seconds`
    the name and duration of each test."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    seconds: list = dataclasses.field(default_factory=list)

    def fail(self, text):
        self.failed += 1
        self.failures.append(text)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.notes += other.notes
        self.seconds += other.seconds

    def counts(self):
        return f'{self.passed} passed, {self.failed} failed, {self.skipped} skipped'

    def write(self, path):
        pathlib.Path(path).write_text(json.dumps(dataclasses.asdict(self)), encoding='utf-8')

    @staticmethod
    def read(path):
        return Outcome(**json.loads(pathlib.Path(path).read_text(encoding='utf-8')))


def from_junit(path: pathlib.Path, exit_code: int | None, name: str, log_tail: str) -> Outcome:
    """Reads the XML report of GoogleTest, `node --test` or our unittest runner. A program that ended badly without a
    failed test in its report (a crash, a leak, no report at all, or a test that took too long: no exit code) counts as one failure."""
    outcome = Outcome()
    try:
        cases = list(xml.etree.ElementTree.parse(path).iter('testcase'))
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    for case in cases:
        title = ' / '.join(filter(None, (name, case.get('classname'), case.get('name'))))
        outcome.seconds.append((title, float(case.get('time') or 0)))
        failure = case.find('failure')
        if failure is None:
            failure = case.find('error')
        if failure is not None:
            outcome.fail(f'{title}\n{failure.get("message") or ""}\n{failure.text or ""}'.rstrip())
        elif case.find('skipped') is not None or case.get('status') == 'notrun':
            outcome.skipped += 1
        else:
            outcome.passed += 1
    if exit_code != 0 and not outcome.failed:
        outcome.fail(f'{name}: ended with {exit_code} after {outcome.passed} passed tests\n{log_tail}')
    if exit_code == 0 and not cases:
        outcome.fail(f'{name}: reported no test at all')
    return outcome
