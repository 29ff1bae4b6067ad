"""Every error Ondol raises on purpose: what happened, where we looked, what to do next.

The tree (codes are stable and unique; a test compares them with this drawing)::

    OndolError                     ondol_error
    ├── WrongUseError              wrong_use              the request itself is wrong (exit 2, HTTP 400)
    │   ├── SettingsError          bad_settings
    │   ├── ParameterError         bad_parameter          one field of a gateway request
    │   └── TooLargeError          too_large              over a stated limit (HTTP 413)
    ├── NotFoundError              not_found              (HTTP 404)
    │   └── ModelNotFoundError     model_not_found        no model of this name
    ├── AccessDeniedError          access_denied          (HTTP 403)
    ├── AuthenticationError        not_authenticated      (HTTP 401)
    ├── ConflictError              conflict               (HTTP 409)
    ├── ParseError                 parse_error            a source file could not be read
    │   ├── EncryptedFileError     encrypted
    │   ├── EmptyFileError         empty_file
    │   ├── CorruptFileError       corrupt_file
    │   ├── UnsupportedFileError   unsupported_type
    │   ├── ScannedFileError       scanned                pages are pictures; OCR is needed
    │   ├── FileLimitError         file_limit             a size, page, ratio or nesting limit
    │   ├── ParserTimeoutError     parser_timeout
    │   ├── ParserCrashError       parser_crash
    │   └── UnreadableFileError    unreadable             the operating system refused
    ├── StorageError               storage_error
    │   ├── DiskFullError          disk_full
    │   └── SearchIndexError       index_error
    └── EngineError                engine_error
        ├── NoModelError           no_model               nothing is configured; says how to get one
        ├── ModelFileError         model_file             missing, or its hash is not the pinned one
        ├── EngineUnavailableError engine_unavailable     (transient, HTTP 503)
        ├── EngineTimeoutError     engine_timeout         (transient, HTTP 504)
        ├── EngineBusyError        engine_busy            queue is full (transient, HTTP 429)
        ├── EngineProtocolError    engine_protocol        the server said something we do not understand
        └── ContextLengthError     context_length         the prompt does not fit (HTTP 400)
"""

from typing import ClassVar


class OndolError(Exception):
    """Base of the tree.

    Attributes:
        message: what happened and where, in one sentence.
        remedy: what to do next; empty when there is nothing to do.
    """

    code: ClassVar[str] = "ondol_error"
    http_status: ClassVar[int] = 500
    exit_status: ClassVar[int] = 1
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class WrongUseError(OndolError):
    """The request itself is wrong."""

    code = "wrong_use"
    http_status = 400
    exit_status = 2


class SettingsError(WrongUseError):
    """A setting is missing or malformed."""

    code = "bad_settings"


class TooLargeError(WrongUseError):
    """The request is over a stated limit."""

    code = "too_large"
    http_status = 413


class NotFoundError(OndolError):
    """No such thing, or none that this principal may know of."""

    code = "not_found"
    http_status = 404


class AccessDeniedError(OndolError):
    """The principal may not do this."""

    code = "access_denied"
    http_status = 403


class AuthenticationError(OndolError):
    """No principal could be established."""

    code = "not_authenticated"
    http_status = 401


class ConflictError(OndolError):
    """The state does not allow this now."""

    code = "conflict"
    http_status = 409


class ParseError(OndolError):
    """A source file could not be read."""

    code = "parse_error"
    http_status = 422


class EncryptedFileError(ParseError):
    """The file needs a password."""

    code = "encrypted"


class EmptyFileError(ParseError):
    """The file holds nothing."""

    code = "empty_file"


class CorruptFileError(ParseError):
    """The file is truncated or not what its name says."""

    code = "corrupt_file"


class UnsupportedFileError(ParseError):
    """No reader for this type."""

    code = "unsupported_type"


class ScannedFileError(ParseError):
    """Pages are pictures of text."""

    code = "scanned"


class FileLimitError(ParseError):
    """A limit on size, pages, compression ratio or nesting was reached."""

    code = "file_limit"


class ParserTimeoutError(ParseError):
    """The parser took longer than it may."""

    code = "parser_timeout"


class ParserCrashError(ParseError):
    """The parser's process died, or ran out of its memory."""

    code = "parser_crash"


class UnreadableFileError(ParseError):
    """The operating system refused to read the file."""

    code = "unreadable"


class StorageError(OndolError):
    """Data at rest could not be read or written."""

    code = "storage_error"


class DiskFullError(StorageError):
    """No space is left."""

    code = "disk_full"


class SearchIndexError(StorageError):
    """The search index is damaged or of another version."""

    code = "index_error"


class EngineError(OndolError):
    """A model could not do its work."""

    code = "engine_error"
    http_status = 502


class NoModelError(EngineError):
    """No model is configured for this work."""

    code = "no_model"
    http_status = 503


class ModelFileError(EngineError):
    """A model file is missing or not the pinned one."""

    code = "model_file"
    http_status = 503


class EngineUnavailableError(EngineError):
    """The engine cannot be reached."""

    code = "engine_unavailable"
    http_status = 503
    transient = True


class EngineTimeoutError(EngineError):
    """The engine did not answer in time."""

    code = "engine_timeout"
    http_status = 504
    transient = True


class EngineBusyError(EngineError):
    """The engine's queue is full."""

    code = "engine_busy"
    http_status = 429
    transient = True


class EngineProtocolError(EngineError):
    """The engine's answer cannot be understood."""

    code = "engine_protocol"


class ContextLengthError(EngineError):
    """The prompt is longer than the model's context."""

    code = "context_length"
    http_status = 400
    exit_status = 2
