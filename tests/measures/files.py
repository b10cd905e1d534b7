"""Files with words for tests: invented neutral sentences, never those of a published form."""

import json
from typing import Any

from portal.measures.definition import keys
from portal.psychometrics.instrument import Layout


def words_of(key_id: str) -> dict[str, Any]:
    """A whole file as data."""
    key = keys()[key_id]
    items: list[dict[str, Any]] = []
    for item in key.items:
        one: dict[str, Any] = {"number": int(item.id), "text": f"Item {item.id} of the test file"}
        if item.layout is Layout.POLES:
            one |= {"left": f"left {item.id}", "right": f"right {item.id}"}
        else:
            one["answers"] = [{"score": n, "text": f"place {n}"} for n in item.printed_scores]
        items.append(one)
    return {
        "format": 1, "questionnaire": key_id, "language": "en", "title": f"Test file for {key_id}",
        "instructions": "Read each line of the test file.", "items": items,
    }  # fmt: skip


def json_file(key_id: str, **changes: Any) -> bytes:
    """The file as JSON, with some of its first level changed."""
    return json.dumps({**words_of(key_id), **changes}, ensure_ascii=False, indent=1).encode()
