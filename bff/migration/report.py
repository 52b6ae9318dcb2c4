"""What a pass found, as a page for people and as JSON for machines. Neither names a customer or a file."""

from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, select_autoescape

from bff.migration.verifier import Outcome
from bff.tenancy import Org

SAMPLES = 20
"""Of each class on the page; the JSON has them all."""

_pages = Environment(loader=PackageLoader("bff.migration"), autoescape=select_autoescape())


def write_report(outcome: Outcome, org: Org, folder: Path) -> None:
    """`report.html` and `report.json` in the folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(format_json(outcome, org))
    (folder / "report.html").write_text(format_page(outcome, org), encoding="utf-8")


def format_json(outcome: Outcome, org: Org) -> bytes:
    told = {
        "org": org.slug,
        "beganAt": outcome.began_at,
        "rows": outcome.documents,
        "ignored": outcome.ignored,
        "repaired": outcome.repaired,
        "counts": outcome.counts,
        "differences": [
            {
                "rowId": each.row_id,
                "class": each.kind,
                "reason": each.reason,
                "accountEndsWith": each.account,
                "repaired": each.is_repaired,
            }
            for each in outcome.differences
        ],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def format_page(outcome: Outcome, org: Org) -> str:
    groups = {
        kind: [each for each in outcome.differences if each.kind == kind][:SAMPLES] for kind in outcome.counts
    }
    return _pages.get_template("report.html").render(outcome=outcome, org=org, groups=groups)
