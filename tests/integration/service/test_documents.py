"""The lines of README and how-to that call the API, typed as they stand."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.running import Running

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
_MARKED = re.compile(r"<!-- run -->\n```\n(.*?)```", re.DOTALL)


def lines(document: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    joined = "".join(_MARKED.findall(text)).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


@pytest.mark.parametrize("document", ["README.md", "docs/how-to/serve.md"])
def test_every_call_of_a_document_is_answered(server: Running, document: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    typed = lines(document)
    assert len(typed) >= 4
    for line in typed:
        words = shlex.split(line.replace("http://127.0.0.1:8000", server.url))
        assert words[0] == "curl"
        done = subprocess.run([*words, "--fail-with-body"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stdout}"
        if "/metrics" not in line:
            assert json.loads(done.stdout)
