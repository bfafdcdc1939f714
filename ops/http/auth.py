"""How credentials get into a request, and into nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requests.auth import AuthBase

if TYPE_CHECKING:
    from requests import PreparedRequest

    from ops.config.credentials import Credentials


class Auth(AuthBase):
    """Puts the credentials into the headers of a request; shows nothing of them itself."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        credentials = self._credentials
        if credentials.kind == "token":
            request.headers["Authorization"] = f"Bearer {credentials.token}"
        else:
            request.headers["X-Auth-Email"] = credentials.email
            request.headers["X-Auth-Key"] = credentials.key
        return request
