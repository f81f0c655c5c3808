"""ETags of the analytics and AI-code answers."""

import hashlib
import json
from dataclasses import replace

from ..answers.ranges import is_cacheable
from ..http import Request, SandboxResponse

MAX_AGE = {"Cache-Control": "public, max-age=900"}


def with_etag(answer: SandboxResponse, request: Request) -> SandboxResponse:
    """Return the answer with its ETag, or 304 without a body if the client has it already."""
    if not is_cacheable(request):
        return answer
    digest = hashlib.sha256(json.dumps(answer.body).encode()).hexdigest()[:32]
    headers = {"ETag": f'"{digest}"', **MAX_AGE}
    if headers["ETag"] in (request.if_none_match or "").split(", "):
        return SandboxResponse(None, 304, headers)
    return replace(answer, headers=headers)
