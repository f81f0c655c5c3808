"""Connections that are used again and still end with the deadline of the call that uses them."""

from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from collector.base.deadline import watch_socket


class _WatchedHttp(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        watch_socket(self.sock)
        return super().getresponse()


class _WatchedHttps(_WatchedHttp, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHttps


class WatchedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
