"""The checks of tools/: what they find, and that they are silent otherwise."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


def run(tool, *arguments):
    return subprocess.run([sys.executable, TOOLS / tool, *arguments], capture_output=True, text=True, check=False)


class InTemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def expect_failure(self, result, text):
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(text, result.stdout + result.stderr)


class CheckIncludes(InTemporaryFolder):
    def check(self):
        return run("check_includes", str(self.root))

    def test_accepts_an_include_along_the_arrows(self):
        self.write("src/base/clock.h", "")
        self.write("src/arrow/reader.cc", '#include "base/clock.h"\n#include <dbsql/error.h>\n')
        result = self.check()
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_refuses_an_include_that_points_back(self):
        self.write("src/arrow/reader.h", "")
        self.write("src/base/clock.cc", '#include "arrow/reader.h"\n')
        self.expect_failure(self.check(), "src/base/clock.cc:1: arrow/reader.h: src/base must not depend on src/arrow")

    def test_refuses_a_face_that_looks_behind_the_public_headers(self):
        self.write("src/base/clock.h", "")
        self.write("cli/main.cc", '#include "base/clock.h"\n')
        self.expect_failure(self.check(), "cli must not depend on src/base")

    def test_refuses_third_party_types_in_a_public_header(self):
        self.write("include/dbsql/error.h", "#include <nlohmann/json.hpp>\n")
        self.expect_failure(self.check(), "include/dbsql/error.h:1")

    def test_refuses_a_heavy_header_in_a_header(self):
        self.write("src/base/log.h", "#include <spdlog/spdlog.h>\n")
        self.expect_failure(self.check(), "src/base/log.h:1")

    def test_refuses_a_library_outside_the_module_that_knows_it(self):
        self.write("src/http/transport.cc", "#include <curl/curl.h>\n")
        self.write("src/auth/token.cc", "#include <curl/curl.h>\n")
        self.expect_failure(self.check(), "src/auth/token.cc:1: curl/curl.h: only src/http knows this library")
        self.assertNotIn("src/http/transport.cc:", self.check().stdout)

    def test_refuses_a_header_that_does_not_exist(self):
        self.write("src/base/log.cc", '#include "base/lgo.h"\n')
        self.expect_failure(self.check(), "no such header of ours")

    def test_refuses_a_folder_without_a_row(self):
        self.write("src/surprise/x.h", "")
        self.expect_failure(self.check(), "src/surprise has no row")


class CheckCases(InTemporaryFolder):
    def check(self, lines, results=None):
        self.write("cases/page.tsv", "# ids: 1-1..2\n" + "".join(f"{line}\n" for line in lines))
        tests = [{"name": "Reads", "status": "RUN", "result": "COMPLETED"}] if results is None else results
        self.write("results/a.json", json.dumps({"testsuites": [{"name": "Page", "testsuite": tests}]}))
        return run("check-cases", str(self.root / "results"), str(self.root / "cases"))

    def test_accepts_a_test_or_a_reason_for_every_id(self):
        result = self.check(["1-1\tPage.Reads", "1-2\t-\tnot ours to do"])
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("2 cases, 1 tested, 1 with a reason", result.stdout)

    def test_knows_ids_of_a_letter_and_a_number(self):
        self.check(["1-1\tPage.Reads", "1-2\tPage.Reads"])
        self.write("cases/page.tsv", "# ids: A9..10 B1\nA9\tPage.Reads\nA10\tPage.Reads\n")
        result = run("check-cases", str(self.root / "results"), str(self.root / "cases"))
        self.expect_failure(result, "B1 is missing")
        self.assertNotIn("A10 is", result.stdout)

    def test_refuses_a_missing_id(self):
        self.expect_failure(self.check(["1-1\tPage.Reads"]), "1-2 is missing")

    def test_refuses_an_unknown_id(self):
        self.expect_failure(self.check(["1-1\tPage.Reads", "1-2\tPage.Reads", "1-3\tPage.Reads"]), "1-3 is not among")

    def test_refuses_a_missing_reason(self):
        self.expect_failure(self.check(["1-1\tPage.Reads", "1-2\t-\t"]), "neither a test nor a reason")

    def test_refuses_a_test_that_does_not_exist(self):
        self.expect_failure(self.check(["1-1\tPage.Reads", "1-2\tPage.Writes"]), "does not exist or did not run")

    def test_refuses_a_test_that_was_skipped(self):
        skipped = [{"name": "Reads", "status": "RUN", "result": "SKIPPED"},
                   {"name": "Other", "status": "RUN", "result": "COMPLETED"}]
        self.expect_failure(self.check(["1-1\tPage.Reads", "1-2\tPage.Other"], skipped), "did not run")

    def test_refuses_a_test_that_failed(self):
        failed = [{"name": "Reads", "status": "RUN", "result": "COMPLETED", "failures": [{}]}]
        self.expect_failure(self.check(["1-1\tPage.Reads", "1-2\t-\tx"], failed), "failed")

    def test_takes_all_instances_of_a_parameterised_test_together(self):
        instances = [{"name": "Reads/0", "status": "RUN", "result": "COMPLETED"},
                     {"name": "Reads/1", "status": "RUN", "result": "COMPLETED", "failures": [{}]}]
        self.expect_failure(self.check(["1-1\tPage.Reads", "1-2\t-\tx"], instances), "Page.Reads failed")
        result = self.check(["1-1\tPage.Reads", "1-2\t-\tx"], instances[:1])
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_refuses_results_without_any_test(self):
        self.expect_failure(self.check(["1-1\t-\tx", "1-2\t-\tx"], []), "no test results")


if __name__ == "__main__":
    unittest.main()
