"""What a crate's metadata are made of: entities with an identifier, a type and properties."""

import io
import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity, Entity
from rocrate.rocrate import ROCrate

_MEDIA_TYPES = mimetypes.MimeTypes()  # Python's own, the same on every machine
_PLAIN = "text/plain"  # Snakefile, LICENSE, *.smk, …
for _suffix, _type in {
    ".safetensors": "application/octet-stream",
    ".yaml": "application/yaml",
    ".cff": "application/yaml",
    ".md": "text/markdown",
}.items():
    _MEDIA_TYPES.add_type(_type, _suffix)


def told(crate: ROCrate, identifier: str, kind: str, /, **properties: Any) -> Entity:
    """What the crate tells of and does not hold; the one it has, where it has it."""
    known = crate.get(identifier)
    return known or crate.add(ContextEntity(crate, identifier, properties={"@type": kind, **properties}))


def held(crate: ROCrate, source: Path | bytes, place: str, /, *kinds: str, **properties: Any) -> Entity:
    """A file that the crate holds, at `place` in it, with its size and hash. kinds: what it is besides a file."""
    content = source.read_bytes() if isinstance(source, Path) else source
    stored = source if isinstance(source, Path) else io.BytesIO(source)
    return crate.add_file(stored, place, properties=as_file(content, place, *kinds) | properties)


def as_file(content: bytes, place: str, *kinds: str) -> dict[str, Any]:
    """What is said of every file that a crate holds."""
    return {
        "@type": ["File", *kinds] if kinds else "File",
        "name": Path(place).name,
        "encodingFormat": _MEDIA_TYPES.guess_type(place)[0] or _PLAIN,
        "contentSize": str(len(content)),
        "sha256": sha256(content).hexdigest(),
    }


def shorten(entity: Entity) -> None:
    """Write a list of one as that one, and none not at all, as RO-Crate recommends."""
    properties = entity.properties()
    for name, value in list(properties.items()):
        if value == []:
            del properties[name]
        elif isinstance(value, list) and len(value) == 1:
            properties[name] = value[0]
