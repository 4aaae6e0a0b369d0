"""Documents and pages reach the site with all that they link to."""

import pytest
from inference_energy.site import documents


@pytest.fixture
def project(tmp_path):
    """A project with two documents, a page and a folder."""
    root = tmp_path / "project"
    contents = {
        "README.md": "home",
        "docs/a.md": "[home](../README.md#top) [b](b.md#x) [code](../code/x.py) ![p](p.png) [web](https://e.org/x.md)",
        "docs/b.md": "# X",
        "docs/p.png": "picture",
        "code/x.py": "code",
        "code/unlinked.py": "code",
        "results/page.html": '<a href="../data">d</a><a href="../code/x.py#1">x</a><img src="data:,"><a href="#y">',
        "data/one.csv": "1",
        "data/in/two.csv": "2",
    }
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_documents_are_copied_with_what_they_link_to(project, tmp_path):
    stage = tmp_path / "stage"
    assert documents.staged(project, stage) == ["docs/a.md", "docs/b.md"]
    assert files(stage) == {"docs/a.md", "docs/b.md", "docs/p.png", "code/x.py"}
    text = (stage / "docs/a.md").read_text()
    assert text.startswith("[home](../index.md#top) [b](b.md#x) [code](../code/x.py)")
    assert "[web](https://e.org/x.md)" in text


def test_pages_are_copied_with_what_they_link_to(project, tmp_path):
    site = tmp_path / "site"
    documents.with_what_they_link(project, ["results/page.html"], site)
    assert files(site) == {
        "results/page.html",
        "code/x.py",
        "data/one.csv",
        "data/in/two.csv",
        "data/index.html",
    }
    assert 'href="../data/index.html"' in (site / "results/page.html").read_text()
    assert documents.links((site / "data/index.html").read_text()) == ["in/two.csv", "one.csv"]


def test_links_and_anchors_of_a_page():
    html = '<h1 id="a">x</h1><a name="b" href="c.html#d">e</a><script src="f.js"></script>'
    assert documents.links(html) == ["c.html#d", "f.js"]
    assert documents.anchors(html) == {"a", "b"}
