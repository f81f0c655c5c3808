"""Every error of the API as `{"error", "message", "fields"?}`: a code for scripts, a sentence for people."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin
from ninja import Field, NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from tracker.access.guard import API_PREFIX

# What to say where the refusal (by Django, a proxy's header, the router) has no words of its own.
MESSAGES = {
    400: "The request could not be understood.",
    401: "Sign in, or send a token made in the admin: Authorization: Bearer …",
    403: "You may not do this.",
    404: "Nothing was found at this address. /api/openapi.json lists all addresses.",
    405: "This address does not accept this method. /api/openapi.json lists the methods that it accepts.",
    409: "Somebody else changed this at the same moment. Read it again first.",
    413: "The body is too large.",
    415: "Send the body as application/json.",
    429: "Too many requests. Wait a minute.",
    500: "Something went wrong. The log has the details. Trying again later may help.",
    503: "The database does not answer. Try again in half a minute.",
}

OF_A_BODY = (413, 415)  # what else an operation with a body may answer


class Error(Schema):
    """What every failed request answers."""

    error: str = Field(description="A code for scripts: not_found, bad_request, …")
    message: str = Field(description="What is wrong, and what to do.")
    fields: dict[str, str] | None = Field(None, description="What is wrong with each field, by its name.")


class ApiError(Exception):
    """An answer other than success; `message` says what to do."""

    def __init__(self, status: int, message: str = "", fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message or MESSAGES[status]
        self.fields = fields


def error_response(status: int, message: str = "", fields: dict[str, str] | None = None) -> JsonResponse:
    text = message or MESSAGES.get(status, code(status))
    body: dict[str, object] = {"error": code(status), "message": text}
    return JsonResponse(body | ({"fields": fields} if fields else {}), status=status)


def code(status: int) -> str:
    """The status in words; 413 is called differently by different versions of Python."""
    return "too_large" if status == 413 else HTTPStatus(status).phrase.lower().replace(" ", "_")


def documented(*statuses: int) -> dict[int, type[Error]]:
    """The error answers of an operation, for its `response`."""
    return dict.fromkeys((400, 401, 403, *statuses), Error)


def field_messages(error: ValidationError) -> dict[str, str]:
    """One sentence for each field that pydantic refused, by its dotted name without the parameter's own."""
    messages = {}
    for item in error.errors:
        kind, *path = item["loc"]
        inside = path[1:] if kind == "body" else path  # a body's first part is the view's name for it
        messages[".".join(map(str, inside)) or kind] = item["msg"]
    return messages


def install(api: NinjaAPI) -> None:
    """Answer ninja's own errors in this API's form."""

    @api.exception_handler(ApiError)
    def on_api_error(request: HttpRequest, exc: ApiError) -> HttpResponse:
        return error_response(exc.status, exc.message, exc.fields)

    @api.exception_handler(ValidationError)
    def on_invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
        fields = field_messages(exc)
        return error_response(400, "; ".join(f"{name}: {text}" for name, text in fields.items()), fields)

    @api.exception_handler(HttpError)
    def on_http_error(request: HttpRequest, exc: HttpError) -> HttpResponse:
        message = "The body is not valid JSON." if exc.status_code == 400 else ""
        return error_response(exc.status_code, message)

    @api.exception_handler(RequestDataTooBig)
    def on_too_large(request: HttpRequest, exc: RequestDataTooBig) -> HttpResponse:
        return error_response(413)

    @api.exception_handler(Http404)
    def on_missing(request: HttpRequest, exc: Http404) -> HttpResponse:
        return error_response(404, str(exc))


class ApiErrorsMiddleware(MiddlewareMixin):
    """Puts errors from outside the API's own views (an unknown address, a crash) into the same form."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_json = response.get("Content-Type", "").startswith("application/json")
        if response.status_code >= 400 and not is_json and request.path.startswith(API_PREFIX):
            return with_headers_of(response, error_response(response.status_code))
        return response


# These describe the body that is replaced.
OF_THE_BODY = {"content-type", "content-length", "content-encoding", "etag", "last-modified"}


def with_headers_of(replaced: HttpResponse, response: JsonResponse) -> JsonResponse:
    """`response` with the cookies and headers of the response it replaces, except those about its body."""
    for name, value in replaced.items():
        if name.lower() not in OF_THE_BODY:
            response[name] = value
    response.cookies = replaced.cookies
    # The replaced one is not closed: that would announce the end of the request, which closes the database.
    response["Content-Length"] = str(len(response.content))
    return response
