"""`python -m bot.validation [FOLDER]`: every mistake on a line of its own as `file:line: what is wrong and what to do`.

Exit code 3 when there is one. The folder holds config.yml, domain.yml and data/.
"""

import sys
import time
from pathlib import Path

from bot.validation.project import mistakes_in

TOLD = 3
"""Not 1, which is what Python ends with when it fails itself."""


def main() -> int:
    started_at = time.monotonic()
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd()
    mistakes = mistakes_in(root)
    for mistake in mistakes:
        print(mistake)
    took_s = time.monotonic() - started_at
    if mistakes:
        print(f"\n{len(mistakes)} to correct in the training data, then run it again.")
        return TOLD
    print(f"The training data fits together (looked through in {took_s:.1f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
