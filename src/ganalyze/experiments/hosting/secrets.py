"""The two secrets of a hosted experiment: pseudonyms hang on the one, exports on the other."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole


@dataclass(frozen=True)
class Secrets:
    """identifiers: the key that turns identifiers into pseudonyms. exports: the token that lets one export."""

    identifiers: bytes
    exports: str

    @classmethod
    def load(cls, path: Path) -> "Secrets":
        """Read the secrets, or make them on first use, in a file that no one else may read."""
        if not path.exists():
            made = {"identifiers": secrets.token_hex(32), "exports": secrets.token_urlsafe(32)}
            with written_whole(path) as temporary:
                temporary.touch(mode=0o600)
                temporary.write_text(json.dumps(made))
        try:
            kept = json.loads(path.read_text())
            return cls(bytes.fromhex(kept["identifiers"]), kept["exports"])
        except (ValueError, KeyError, TypeError):
            raise GanalyzeError(
                f"{path} does not hold the secrets of an experiment: put its backup back, since pseudonyms hang on it; "
                "only if nobody has taken part yet, remove it"
            ) from None

    def pseudonym(self, platform: str, identifier: str) -> str:
        """The same person on the same platform is the same pseudonym; nobody can go back without the key."""
        return "p" + self._keyed(f"participant\0{platform}\0{identifier}")[:20]

    def completion_code(self, participant: str, series: int) -> str:
        """Shown when a series is finished, and not to be guessed before."""
        return self._keyed(f"completion\0{participant}\0{series}")[:12].upper()

    def _keyed(self, text: str) -> str:
        return hmac.new(self.identifiers, text.encode(), hashlib.sha256).hexdigest()
