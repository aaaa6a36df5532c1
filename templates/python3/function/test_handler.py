"""python3 -m unittest"""

import unittest
from types import SimpleNamespace

from handler import handle


def event(body=b"", method="POST"):
    return SimpleNamespace(body=body, headers={}, method=method, query={}, path="/")


class HandlerTest(unittest.TestCase):
    def test_it_greets_whom_the_body_names(self):
        self.assertEqual(handle(event(b"Ada"), None), "Hello, Ada!\n")

    def test_it_greets_the_world_when_nobody_is_named(self):
        self.assertEqual(handle(event(), None), "Hello, world!\n")


if __name__ == "__main__":
    unittest.main()
