"""HTML pages to paragraphs, and which paragraphs are English prose fit to train on.

Reads and writes nothing: a module without a command, for build_corpus.py and prepare.py.
"""

import re
from html.parser import HTMLParser

# ------------------------------------------------------------------------------- HTML to blocks

# Elements whose text is not prose.
SKIPPED_TAGS = set(
    "button footer form head header nav pre script select style svg table textarea title".split()
)
# Elements that begin and end a paragraph. Tables are skipped, but their cells still end what
# came before.
BLOCK_TAGS = set(
    "article blockquote body caption dd div dl dt figcaption figure li main ol p section td th tr "
    "ul".split()
)
HEADING_TAGS = {"h1", "h2", "h3", "h4", "h5"}
VOID_TAGS = set("area base br col embed hr img input link meta source wbr".split())
# Containers that may carry one of the classes below.
CLASSED_TAGS = {"div", "p", "ul", "ol", "span", "section", "dl"}
# What the documentation tools (Sphinx, DocBook, Texinfo, ...) call navigation, code, footnotes.
SKIPPED_CLASSES = re.compile(
    r"navheader|navfooter|sphinxsidebar|related|toc\b|footer|breadcrumb|qindex|menu|sidebar"
    r"|highlight|screen|programlisting|literallayout|synopsis|verbatim|example-preformatted"
    r"|smallexample|footnote",
    re.IGNORECASE,
)


class BlockParser(HTMLParser):
    """Collects `blocks`, [(is_heading, text)], of an HTML page in reading order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[bool, str]] = []
        self._text: list[str] = []
        self._open: list[tuple[str, bool]] = []  # (tag, is skipped) of every open element
        self._skip_depth = 0
        self._in_heading = False

    def flush(self) -> None:
        """End the current block."""
        text = re.sub(r"\s+", " ", "".join(self._text)).strip()
        self._text.clear()
        if text:
            self.blocks.append((self._in_heading, text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID_TAGS:
            if tag in ("br", "hr"):
                self._text.append(" ")
            return
        values = dict(attrs)
        names = " ".join(values.get(name) or "" for name in ("class", "id", "role"))
        skipped = (
            tag in SKIPPED_TAGS
            or (tag in CLASSED_TAGS and SKIPPED_CLASSES.search(names) is not None)
            or (tag == "a" and "headerlink" in names)
        )
        self._open.append((tag, skipped))
        self._skip_depth += skipped
        if tag in BLOCK_TAGS or tag in HEADING_TAGS:
            self.flush()
        if tag in HEADING_TAGS:
            self._in_heading = True

    def handle_endtag(self, tag: str) -> None:
        if all(tag != open_tag for open_tag, _ in self._open):
            return  # closes nothing
        if tag in BLOCK_TAGS or tag in HEADING_TAGS:
            self.flush()
        if tag in HEADING_TAGS:
            self._in_heading = False
        # HTML lets authors omit end tags: whatever was opened inside is closed as well.
        while self._open:
            open_tag, skipped = self._open.pop()
            self._skip_depth -= skipped
            if open_tag == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._skip_depth == 0:
            self._text.append(data)


def html_blocks(page: str) -> list[tuple[bool, str]]:
    """[(is_heading, text)] of a page; only of its <main> or <article> where it has one."""
    page = re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    main = re.search(r"<(main|article)\b.*?</\1>", page, flags=re.DOTALL)
    parser = BlockParser()
    parser.feed(main.group(0) if main else page)
    parser.flush()
    return parser.blocks


# ------------------------------------------------------------------------------ clean paragraphs

# Typographic characters to ASCII: the tokenizer has no pieces to spare for them.
TO_ASCII = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2013": "-",
        "\u2011": "-",
        "\u2212": "-",
        "\u2014": " - ",
        "\u2026": "...",
        "\u2192": ">",
        "\u25b8": ">",
        "\u203a": ">",
        "\u2039": "<",
        "\u00a0": " ",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\u2022": "",
        "\u00b6": "",
        "\u200b": "",
        "\u00ad": "",
    }
)
# English prose is full of these; lists of names and options are not.
FUNCTION_WORDS = set(
    "the of and to in a is that for it as with on be by this are or an from at not can you if "
    "which will have has was when all but one use used its may your their they more other into "
    "only there these any then been such than each must no so do most some also how about what he "
    "she his her had were".split()
)
# Paragraphs with one of these teach nothing (notices, addresses, page furniture) or are not what
# a demonstration should repeat.
BANNED = re.compile(
    r"copyright|all rights reserved|permission is granted|licen[sc]e|warrant|isbn|http|www\.|@"
    r"|last updated|generated by|table of contents|\{\{|\}\}|previous chapter|next chapter"
    r"|bugs?\.debian"
    r"|\bfuck|\bshit|nigg|cunt|\bwhore|\brape|bitch|slut|faggot|\bsex|porn|penis|vagina|derogatory"
    r"|offensive|ethnic slur|disparag|vulgar|obscene|prostitut|masturbat|copulat|incest|suicid"
    r"|genital|lewd|slang for|brain-damaged",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """ASCII punctuation, single spaces, none before punctuation, no [1] reference marks."""
    text = re.sub(r"\s+", " ", text.translate(TO_ASCII)).strip()
    text = re.sub(r" ([,.;:!?)])", r"\1", text)
    text = re.sub(r"\( ", "(", text)
    return re.sub(r"\s*\[\d+\]", "", text)


def is_ascii(text: str) -> bool:
    """Whether all characters are at most 126, the last printable one."""
    return all(ord(c) <= 126 for c in text)


def is_prose(text: str, shortest: int = 70) -> bool:
    """Whether a cleaned paragraph is English sentences rather than code, a list or a notice."""
    if not shortest <= len(text) <= 4000 or text[-1] not in ".!?:\"')" or BANNED.search(text):
        return False
    if not (text[0].isupper() or text[0] in "\"'"):
        return False
    if sum(ord(c) > 126 for c in text) > 0.01 * len(text):
        return False
    if sum(c.isalpha() or c == " " for c in text) / len(text) < 0.90:
        return False
    words = re.findall(r"[A-Za-z']+", text.lower())
    if len(words) < 10 or sum(word in FUNCTION_WORDS for word in words) / len(words) < 0.28:
        return False
    if len(re.findall(r"[_/\\=<>{}|#$%&*^~`+\[\]]", text)) > max(1, 0.006 * len(text)):
        return False
    return len(re.findall(r"\b[A-Z]{2,}\b", text)) <= 0.12 * len(words)


def with_article(noun: str) -> str:
    """The noun after "a" or "an", by its first letter."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun
