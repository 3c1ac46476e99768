"""gRPC: what is an endpoint, and what stands before it."""

from __future__ import annotations

from pathlib import Path

from reach import Reach, reach

HEAD = """
import os
import sqlite3
from concurrent import futures

import grpc

import shop_pb2
import shop_pb2_grpc

db = sqlite3.connect("shop.db")
KEY = os.environ["KEY"]


"""


def test_procedures_of_added_servicers(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Shop(shop_pb2_grpc.ShopServicer):
    def __init__(self, store):
        self.store = store

    def Remove(self, request, context):
        self.store.execute("delete from thing")

    def Checked(self, request, context):
        metadata = dict(context.invocation_metadata())
        if metadata.get("authorization") != KEY:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who?")
        self.store.execute("delete from thing")

    def helper(self):
        self.store.execute("delete from thing")


class Forgotten(shop_pb2_grpc.OtherServicer):
    def Remove(self, request, context):
        db.execute("delete from thing")


def serve():
    server = grpc.server(futures.ThreadPoolExecutor())
    shop_pb2_grpc.add_ShopServicer_to_server(Shop(db), server)
    server.start()
""",
    )
    assert {name.strip(): r for name, r in found.items()} == {
        "Shop.Remove": Reach(("/Shop/Remove",), ("write",)),
        "Shop.Checked": Reach(("/Shop/Checked",), ()),
    }


def test_a_generated_class_says_what_the_service_declares(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Shop(shop_pb2_grpc.ShopServicer):
    def Remove(self, request, context):
        db.execute("delete from thing")

    def Other(self, request, context):
        db.execute("delete from thing")


shop_pb2_grpc.add_ShopServicer_to_server(Shop(), grpc.server(futures.ThreadPoolExecutor()))
""",
        shop_pb2_grpc="""
import grpc


class ShopServicer(object):
    def Remove(self, request, context):
        context.set_code(grpc.StatusCode.UNIMPLEMENTED)
        raise NotImplementedError("Method not implemented!")


def add_ShopServicer_to_server(servicer, server):
    rpc_method_handlers = {"Remove": grpc.unary_unary_rpc_method_handler(servicer.Remove)}
""",
    )
    assert {name.strip(): r for name, r in found.items()} == {"Shop.Remove": Reach(("/Shop/Remove",), ("write",))}


def test_procedures_may_take_more_than_they_are_given(tmp_path: Path) -> None:
    found = reach(
        tmp_path,
        HEAD
        + """
class Shop(shop_pb2_grpc.ShopServicer):
    def Remove(self, request, context, *args, retry=False, **kwargs):
        db.execute("delete from thing")

    def price(self, thing, amount, discount):
        db.execute("delete from thing")


shop_pb2_grpc.add_ShopServicer_to_server(Shop(), grpc.server(futures.ThreadPoolExecutor()))
""",
    )
    assert {name.strip(): r.unguarded for name, r in found.items()} == {"Shop.Remove": ("write",)}


def test_interceptors(tmp_path: Path) -> None:
    source = """
class Gate(grpc.ServerInterceptor):
    def __init__(self):
        def refuse(request, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who?")

        self.refused = grpc.unary_unary_rpc_method_handler(refuse)

    def intercept_service(self, continuation, details):
        if details.method == "/Shop/Open":
            return continuation(details)
        if dict(details.invocation_metadata).get("x-api-key") != KEY:
            return self.refused
        return continuation(details)


class Log(grpc.ServerInterceptor):
    def intercept_service(self, continuation, details):
        print(details.method)
        return continuation(details)


class Shop(shop_pb2_grpc.ShopServicer):
    def Open(self, request, context):
        db.execute("select 1")

    def Remove(self, request, context):
        db.execute("delete from thing")


server = grpc.server(futures.ThreadPoolExecutor(), interceptors=[INTERCEPTORS])
shop_pb2_grpc.add_ShopServicer_to_server(Shop(), server)
"""
    closed = reach(tmp_path, HEAD + source.replace("INTERCEPTORS", "Log(), Gate()"))
    assert {name.strip(): r.unguarded for name, r in closed.items()} == {"Shop.Open": ("read",), "Shop.Remove": ()}
    opened = reach(tmp_path, HEAD + source.replace("INTERCEPTORS", "Log()"))
    assert {name.strip(): r.unguarded for name, r in opened.items()} == {
        "Shop.Open": ("read",),
        "Shop.Remove": ("write",),
    }
