"""What mkdocs.yml cannot say: the site's files lie as in the repository, so that a link holds in both; the library's
rooms have a page each; diagrams are drawn when the site is built, without a script from elsewhere."""

import re
from pathlib import Path

import mermaidx
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = ["[A-Z]*.md", "docs/*.md", "config/README.md", "data/*.md", "results/README.md", "benchmarks/*.md"]
LINK = re.compile(r"\]\(([^):#]+)(?:#[^)]*)?\)")  # to a file, not an address


def on_config(config: MkDocsConfig) -> None:
    fence = {"name": "mermaid", "class": "mermaid", "format": _draw}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    api = {"API": [{"ganalyze": "api/index.md"}, *(f"api/{room}.md" for room in _rooms())]}
    config.nav = [*(config.nav or []), api]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Pages, and the files that they show or link to, in place of what mkdocs finds in docs/ by itself."""
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    paths = {REPOSITORY / "docs/site.css"}
    for page in (page for pattern in PAGES for page in REPOSITORY.glob(pattern)):
        linked = ((page.parent / link).resolve() for link in LINK.findall(page.read_text(encoding="utf-8")))
        paths |= {page, *(path for path in linked if path.is_file())}
    for path in sorted(paths):
        name = path.relative_to(REPOSITORY).as_posix()
        files.append(File(name, str(REPOSITORY), config.site_dir, config.use_directory_urls))

    index = "# ganalyze\n\n::: ganalyze\n    options: {members: []}\n"
    files.append(File.generated(config, "api/index.md", content=index))
    for room in _rooms():
        content = f"# ganalyze.{room}\n\n::: ganalyze.{room}\n"
        files.append(File.generated(config, f"api/{room}.md", content=content))


def _rooms() -> list[str]:
    """Folders and modules of the library; first the one that a program of one's own begins with."""
    names = {path.stem for path in (REPOSITORY / "src/ganalyze").glob("[!_]*") if path.suffix in ("", ".py")}
    return sorted(names, key=lambda name: (name != "library", name))


def _draw(source: str, *_: object, **__: object) -> str:
    return f'<div class="diagram">{mermaidx.render(source).svg()}</div>'
