"""What the platform API takes and gives: every request and response body, as the OpenAPI document shows them.

Result objects are core's own (``Answer``, ``SearchResult``, ``Document`` …), so that HTTP and ``--json``
say the same.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from ondol.core.answers import Answer, Citation
from ondol.core.documents import Document, Filter, Hit
from ondol.core.examples import Example
from ondol.core.models import ModelRecord
from ondol.forge.review import ReviewStatistics
from ondol.text.normalise import nfc

MAX_QUESTION_CHARS = 8000
MAX_TITLE_CHARS = 300
MAX_COMMENT_CHARS = 8000

_NOT_BLANK = r"\S"


def _put_on_one_line(text: object) -> object:
    """A title is shown in lists: no line breaks, and no marks that turn the text around it."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(c for c in nfc(text) if c not in _DIRECTION_MARKS).split())


_DIRECTION_MARKS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
Question = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUESTION_CHARS, pattern=_NOT_BLANK)]
Title = Annotated[
    str,
    BeforeValidator(_put_on_one_line),
    StringConstraints(min_length=1, max_length=MAX_TITLE_CHARS, pattern=_NOT_BLANK),
]
LabelText = Annotated[str, StringConstraints(max_length=500)]
Licence = Annotated[str, StringConstraints(max_length=200)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RequestBody(BaseModel):
    """A request: unknown fields are refused, so that a misspelt option is not silently ignored.

    Texts come in the form in which all text is stored, without NUL and other invisible characters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    @field_validator("*", mode="before")
    @classmethod
    def _normalise(cls, value: object) -> object:
        return nfc(value) if isinstance(value, str) else value


class ResponseBody(BaseModel):
    """A response; fields that are ``None`` are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ErrorDetail(ResponseBody):
    """What happened, and what to do next.

    Attributes:
        code: stable; see ``ondol.core.errors``.
        fields: for a malformed request, what is wrong where.
    """

    code: str
    message: str
    remedy: str = ""
    fields: list[str] | None = None


class ErrorBody(ResponseBody):
    """Every error of the platform API."""

    error: ErrorDetail


class Health(ResponseBody):
    """State of the server; only ``service`` and ``status`` are told to those without a principal."""

    service: Literal["ondol"] = "ondol"
    status: Literal["ok", "degraded"]
    version: str | None = None
    documents: int | None = None
    chunks: int | None = None
    chat_model: str | None = None
    embed_model: str | None = None
    principal: str | None = None


class Me(ResponseBody):
    """Who the server takes the asker for.

    Attributes:
        label: highest label they may read (``classified+*``: everything).
        local: the owner of this machine, without a key.
        can_label: labels they may give to a document.
        session: signed in with a cookie, so that signing out makes sense.
    """

    name: str
    label: str
    is_admin: bool
    local: bool
    can_label: list[str]
    session: bool = False


class SessionRequest(RequestBody):
    """An API key, exchanged for a cookie that scripts cannot read."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SearchRequest(RequestBody):
    """A query, optionally narrowed."""

    query: Question
    k: int = Field(default=10, ge=1, le=100)
    filter: Filter | None = None


class AskRequest(RequestBody):
    """A question.

    Attributes:
        k: passages to read.
        model: catalogue name of a chat model; the default one if absent.
        conversation_id: continue this conversation; absent, a new one is begun.
        stream: answer as server-sent events.
        think: switch the model's reasoning on or off; absent, the model's default.
    """

    question: Question
    k: int = Field(default=8, ge=1, le=50)
    model: Name | None = None
    conversation_id: Name | None = None
    filter: Filter | None = None
    stream: bool = False
    think: bool | None = None


class SourcesEvent(ResponseBody):
    """Data of the event ``sources``, the first: the passages that will be read."""

    hits: list[Hit]


class DeltaEvent(ResponseBody):
    """Data of an event ``delta``: the next verified piece; all pieces together are ``Answer.answer``."""

    text: str
    citations: list[Citation] = []


class DoneEvent(ResponseBody):
    """Data of the event ``done``, the last: the whole answer."""

    answer: Answer


AskEvent = SourcesEvent | DeltaEvent | DoneEvent | ErrorBody


class DocumentList(ResponseBody):
    """A page of documents; ``next_cursor`` is absent on the last one."""

    documents: list[Document]
    next_cursor: str | None = None


class DocumentPatch(RequestBody):
    """What can be changed of a document; absent fields stay."""

    label: LabelText | None = None
    licence: Licence | None = None
    title: Title | None = None


class PageText(ResponseBody):
    """Stored text of a page; locators count code points in it."""

    page: int
    text: str


class DocumentText(ResponseBody):
    """Stored text: ``pages`` where the document has pages, ``text`` otherwise."""

    pages: list[PageText] | None = None
    text: str | None = None


class Boxes(ResponseBody):
    """Where a span of a page's text stands: x0, y0, x1, y1 as fractions of the page from its top left."""

    boxes: list[tuple[float, float, float, float]]


JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]


class JobBody(ResponseBody):
    """A piece of work that was asked for.

    Attributes:
        name: what it works on, for people.
        progress: as the kind of job reports it (``ingest``: ``files_done``, ``files_total``, ``stage`` …).
        result: when done.
        error: when failed.
    """

    id: str
    kind: str
    status: JobStatus
    name: str
    progress: dict[str, Any] = {}
    result: dict[str, Any] | None = None
    error: ErrorDetail | None = None
    created_at: datetime
    updated_at: datetime


class JobList(ResponseBody):
    """Jobs, newest first."""

    jobs: list[JobBody]


class JobRefused(ResponseBody):
    """An uploaded file for which no job was made."""

    name: str
    error: ErrorDetail


class UploadAccepted(ResponseBody):
    """One job per file of an upload, and the files refused at the door."""

    jobs: list[JobBody]
    refused: list[JobRefused] = []


Rating = Literal["up", "down"]


class FeedbackRequest(RequestBody):
    """What a reader thinks of an answer.

    Attributes:
        correction: how the answer should have read.
    """

    message_id: Name
    rating: Rating
    correction: Annotated[str, StringConstraints(max_length=MAX_COMMENT_CHARS)] | None = None
    comment: Annotated[str, StringConstraints(max_length=MAX_COMMENT_CHARS)] | None = None


class FeedbackBody(ResponseBody):
    """Feedback as it was kept."""

    message_id: str
    rating: Rating
    correction: str | None = None
    comment: str | None = None


class ConversationSummary(ResponseBody):
    """A conversation in a list."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime


class ConversationList(ResponseBody):
    """A page of conversations, newest first."""

    conversations: list[ConversationSummary]
    next_cursor: str | None = None


class ConversationRequest(RequestBody):
    """A new conversation."""

    title: Title | None = None


class ConversationPatch(RequestBody):
    """A new title."""

    title: Title


class ConversationMessage(ResponseBody):
    """One exchange."""

    id: str
    question: str
    answer: Answer
    created_at: datetime
    feedback: FeedbackBody | None = None


class ConversationBody(ResponseBody):
    """A conversation with its exchanges, oldest first."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    messages: list[ConversationMessage]


class ModelList(ResponseBody):
    """The catalogue."""

    models: list[ModelRecord]


class LabelList(ResponseBody):
    """Labels in use on documents that the asker may read."""

    labels: list[str]


class DocumentQuery(RequestBody):
    """How a list of documents is narrowed.

    Attributes:
        q: words of the title or address.
    """

    limit: int = Field(default=50, ge=1, le=500)
    cursor: Annotated[str, StringConstraints(max_length=1000)] | None = None
    q: Annotated[str, StringConstraints(max_length=500)] | None = None
    kind: str | None = None
    label: LabelText | None = None
    after: AwareDatetime | None = None
    before: AwareDatetime | None = None


class DatasetSummary(ResponseBody):
    """A dataset, as a list shows it.

    Attributes:
        examples: by split; ``recall`` is asked, never taught.
        reviewed: examples that someone has reviewed.
    """

    name: str
    created_at: datetime
    label: str
    licences: list[str]
    examples: dict[str, int]
    reviewed: int


class DatasetList(ResponseBody):
    """Datasets of which the asker may read something."""

    datasets: list[DatasetSummary]


class ExampleList(ResponseBody):
    """A page of examples; ``next`` is absent at the end."""

    examples: list[Example]
    next: int | None = None


class SourceText(ResponseBody):
    """A quotation with the text around it, as the corpus holds it now.

    Attributes:
        page: 1-based; absent for a document without pages.
        before: text before the quotation; empty where the document is gone or may not be read.
        after: text after it.
        stands: the quotation is still the stored text of its place.
    """

    document: str
    uri: str
    title: str
    page: int | None = None
    context: str
    before: str
    quote: str
    after: str
    stands: bool


class ReviewBody(ResponseBody):
    """A verdict as it was kept.

    Attributes:
        warning: what the checks say of a corrected answer; absent when they find nothing.
    """

    example_id: str
    reviewer: str
    verdict: Literal["accept", "fix", "reject"]
    reason: str
    note: str
    answers: list[str]
    created_at: datetime | None = None
    warning: str | None = None


class ReviewItem(ResponseBody):
    """An example before a reviewer.

    Attributes:
        pick: why it was chosen; absent when it was asked for by name.
        left: examples that the reviewer has not seen.
        mine: the reviewer's own verdict, if there is one.
    """

    split: str
    example: Example
    sources: list[SourceText]
    pick: str | None = None
    left: int | None = None
    mine: ReviewBody | None = None


class ReviewNext(ResponseBody):
    """What to review next; ``item`` is absent when all is done."""

    item: ReviewItem | None = None


class ReviewRequest(RequestBody):
    """A verdict.

    Attributes:
        answers: the corrected answers, one for each of the example's; for ``fix`` alone.
        seconds: from seeing the example to the verdict.
    """

    verdict: Literal["accept", "fix", "reject"]
    reason: Annotated[str, StringConstraints(max_length=40)] = ""
    note: Annotated[str, StringConstraints(max_length=MAX_COMMENT_CHARS)] = ""
    answers: list[Annotated[str, StringConstraints(max_length=20_000)]] = Field(
        default_factory=list, max_length=50
    )
    seconds: float = Field(default=0.0, ge=0.0, le=86_400.0)


class ReviewList(ResponseBody):
    """The asker's own verdicts, the newest first."""

    reviews: list[ReviewBody]


class JudgeStanding(ResponseBody):
    """What the judge is worth, with the reviewers' verdicts counted in.

    Attributes:
        before: precision as calibrated when the dataset was made.
        verdicts: of reviewers, counted in.
    """

    model: str
    before: float
    precision: float
    recall: float
    usable: bool
    verdicts: int


class ReviewOverview(ResponseBody):
    """How far the reviewers are, and how far they agree.

    Attributes:
        reasons: that may be given for a fix or a rejection.
    """

    statistics: ReviewStatistics
    reasons: list[str]
    judge: JudgeStanding | None = None
