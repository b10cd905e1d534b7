"""Finish what the renderer leaves open in a PDF/UA-1 file: table headers, page furniture, metadata.

The renderer marks running headers and footers as content without a place in the reading order, takes every drawing for a
figure, gives table headers no scope, and names itself in the metadata (Matterhorn Protocol 1.1, checkpoints 01, 06, 13, 14
and 15; ISO 32000-1, 14.7 and 14.8).
"""

from typing import Any
from xml.sax.saxutils import escape

import pydyf  # type: ignore[import-untyped]

_METADATA = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>\
<rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def finish_tags(document: Any, pdf: Any, *, language: str) -> None:
    """Make the file sound and neutral just before it is written: title and language stay, maker, author and dates go.

    `document` and `pdf` are the renderer's own objects; `language` is a BCP 47 tag.
    """
    root = _at(pdf, pdf.catalog["StructTreeRoot"])
    _scope_table_headers(pdf, root)
    _take_out_decoration(pdf)
    _set_page_furniture_apart(pdf, root)
    title = document.metadata.title or ""
    pdf.info.clear()
    pdf.info["Title"] = pydyf.String(title)
    pdf.catalog["Lang"] = pydyf.String(language)
    metadata = _at(pdf, pdf.catalog["Metadata"])
    metadata.stream = [_METADATA.format(title=escape(title)).encode()]
    metadata.compress = False


def _at(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _scope_table_headers(pdf: Any, root: Any) -> None:
    """Give each TH its scope, and list the ids that cells refer to, without which those references lead nowhere."""
    ids = {}
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("S") == "/TH":
            _, row, _ = item["ID"].string.split("-")
            item["A"]["Scope"] = "/Column" if row == "0" else "/Row"
            ids[item["ID"].string.encode()] = item
    if ids:
        names = pydyf.Array(part for key in sorted(ids) for part in (ids[key]["ID"], ids[key].reference))
        root["IDTree"] = pydyf.Dictionary({"Names": names})


def _take_out_decoration(pdf: Any) -> None:
    """Take drawings without a text alternative out of the tree, so that they become artifacts: words beside them say the same."""
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("S") == "/Figure" and "Alt" not in item:
            _at(pdf, item["P"])["K"].remove(item.reference)


def _set_page_furniture_apart(pdf: Any, root: Any) -> None:
    """Mark what stands outside the tree (running header and footer) as artifacts, so that no reader speaks it on each page."""
    inside = _inside(pdf, root)
    parents = _at(pdf, root["ParentTree"])["Nums"]
    owners_by_page = dict(zip(parents[::2], parents[1::2], strict=True))
    for number, page in enumerate(pdf.pages["Kids"][::3]):
        stream = _at(pdf, pdf.objects[page]["Contents"]).stream
        owners = owners_by_page[number]
        for place, part in enumerate(stream):
            if isinstance(part, pydyf.Dictionary) and "MCID" in part and owners[part["MCID"]] not in inside:
                owners[part["MCID"]] = b"null"
                stream[place - 1 : place + 1] = ["/Artifact", pydyf.Dictionary({"Type": "/Pagination"})]


def _inside(pdf: Any, root: Any) -> set[bytes]:
    """Collect the references of all elements that hang on the tree."""
    found: set[bytes] = set()
    waiting = list(root["K"])
    while waiting:
        reference = waiting.pop()
        if isinstance(reference, bytes) and reference not in found:
            found.add(reference)
            waiting.extend(_at(pdf, reference).get("K", ()))
    return found
