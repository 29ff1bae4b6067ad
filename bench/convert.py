"""Child of ``ingest.py``: one contestant, started once, converts the files it is told, one a line.

Run as ``python convert.py ondol|ondol-pool|markitdown|docling OUTPUT_FOLDER`` in the contestant's own
environment. Standard input: one path a line. Standard output: one JSON object a line with the wall and CPU
seconds of that file, after a first one that tells how long the imports took. The text goes to
``OUTPUT_FOLDER/<name>.json``.
"""

import json
import os
import re
import resource
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def structure_of_markdown(text):
    """Return headings, table cells and words of Markdown."""
    headings, cells = [], []
    for line in text.splitlines():
        bare = line.strip()
        if match := re.match(r"#{1,6}\s+(.*)", bare):
            headings.append(match[1])
        elif bare.startswith("|") and not re.fullmatch(r"[|\s:\-]+", bare):
            cells.extend(re.split(r"(?<!\\)\|", bare.strip("|")))
    return {"headings": headings, "cells": cells, "text": text}


def structure_of_parsed(parsed):
    """Return headings, table cells and words of a parsed document."""
    headings, cells = [], []
    for page in parsed.pages:
        for block in page.blocks:
            text = page.text[block.start : block.end]
            if block.kind == "heading":
                headings.append(text)
            elif block.kind == "table_row":
                cells.extend(text.split("|"))
    return {
        "headings": headings,
        "cells": cells,
        "text": "\n".join(page.text for page in parsed.pages),
        "pages": len(parsed.pages),
    }


def open_ondol():
    from ondol.sources.read import read_document

    return lambda path: structure_of_parsed(read_document(path, name=path.name))


def open_ondol_pool():
    from ondol.sources.pool import ParserPool

    pool = ParserPool(1)
    return lambda path: structure_of_parsed(pool.parse(path, name=path.name))


def open_markitdown():
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda path: structure_of_markdown(converter.convert(str(path)).text_content)


def open_docling():
    from docling.datamodel.base_models import InputFormat
    from docling.document_converter import DocumentConverter

    formats = [
        InputFormat.DOCX,
        InputFormat.XLSX,
        InputFormat.PPTX,
        InputFormat.HTML,
        InputFormat.CSV,
        InputFormat.MD,
    ]
    converter = DocumentConverter(allowed_formats=formats)
    return lambda path: structure_of_markdown(converter.convert(str(path)).document.export_to_markdown())


OPENERS = {
    "ondol": open_ondol,
    "ondol-pool": open_ondol_pool,
    "markitdown": open_markitdown,
    "docling": open_docling,
}


def main():
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    started = time.perf_counter()
    convert = OPENERS[sys.argv[1]]()
    output = Path(sys.argv[2])
    print(json.dumps({"import_s": time.perf_counter() - started}), file=replies, flush=True)
    for line in sys.stdin:
        path = Path(line.strip())
        reply = {}
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            found = convert(path)
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
            found, reply["error"] = None, f"{type(error).__name__}: {error}"[:200]
        reply["wall_s"], reply["cpu_s"] = time.perf_counter() - wall, time.process_time() - cpu
        reply["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if found is not None:
            (output / f"{path.name}.json").write_text(json.dumps(found), encoding="utf-8")
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
