"""Tasks, commands and cloud functions: what the outside calls without asking who calls."""

from __future__ import annotations

from pathlib import Path

from reach import program_of


def called(folder: Path, **files: str) -> set[tuple[str, str, str]]:
    """Kind, framework and name of every entry point of these modules."""
    program = program_of(folder, {f"{name}.py": text for name, text in files.items()})
    return {(e.kind, e.framework, e.function.qualname) for e in program.entry_points}


def effects(folder: Path, source: str) -> dict[str, list[str]]:
    """The effects with a model or service of every entry point of one module."""
    program = program_of(folder, {"app.py": source})
    return {
        e.function.qualname: [o.effect for run in e.runs for o in run.inside if o.effect in ("external-call", "reject")]
        for e in program.entry_points
    }


def test_tasks_of_each_library(tmp_path: Path) -> None:
    found = called(
        tmp_path,
        with_celery="""
            from celery import Celery, Task, shared_task

            app = Celery("shop")

            @app.task(bind=True, max_retries=3)
            def one(self, id): ...

            @shared_task
            def two(): ...

            class Three(Task):
                def run(self, id): ...

            class Base(Task):
                def on_failure(self, *args): ...

            def no_task(): ...
        """,
        with_rq="""
            from redis import Redis
            from rq import Queue
            from rq.decorators import job

            queue = Queue(connection=Redis())

            @job("low", connection=Redis())
            def one(): ...

            def two(x): ...

            def dispatch():
                queue.enqueue(two, 5)
                queue.enqueue_in(60, three)

            def three(): ...
        """,
        with_others="""
            import dramatiq
            from apscheduler.schedulers.background import BackgroundScheduler
            from huey import RedisHuey

            huey = RedisHuey()
            scheduler = BackgroundScheduler()

            @dramatiq.actor(max_retries=2)
            def one(): ...

            @huey.periodic_task(5)
            def two(): ...

            @scheduler.scheduled_job("interval", minutes=5)
            def three(): ...

            def four(): ...

            scheduler.add_job(four, "interval", hours=1)
        """,
        with_arq="""
            from arq import cron, func

            async def one(ctx): ...

            async def two(ctx): ...

            async def three(ctx): ...

            class WorkerSettings:
                functions = [one, func(two, timeout=5)]
                cron_jobs = [cron(three, hour=3)]
        """,
    )
    assert found == {
        ("task", "celery", "one"),
        ("task", "celery", "two"),
        ("task", "celery", "Three.run"),
        ("task", "rq", "one"),
        ("task", "rq", "two"),
        ("task", "rq", "three"),
        ("task", "dramatiq", "one"),
        ("task", "huey", "two"),
        ("task", "apscheduler", "three"),
        ("task", "apscheduler", "four"),
        ("task", "arq", "one"),
        ("task", "arq", "two"),
        ("task", "arq", "three"),
    }


def test_commands_of_each_library(tmp_path: Path) -> None:
    found = called(
        tmp_path,
        with_click="""
            import click

            @click.group()
            def cli(): ...

            @cli.command()
            @click.option("--all", is_flag=True)
            def one(all): ...

            @cli.group()
            def inner(): ...

            @inner.command("two")
            def two(): ...
        """,
        with_typer="""
            import typer

            app = typer.Typer()

            @app.command()
            def one(name: str): ...

            def two(): ...

            typer.run(two)
        """,
        with_flask="""
            from flask import Flask

            app = Flask(__name__)

            @app.cli.command("one")
            def one(): ...
        """,
        with_argparse="""
            import argparse

            def one(args): ...

            def main():
                parser = argparse.ArgumentParser()
                commands = parser.add_subparsers()
                commands.add_parser("one").set_defaults(func=one)

            def helper(): ...

            if __name__ == "__main__":
                main()
        """,
        without_parser="""
            def main(): ...

            if __name__ == "__main__":
                main()
        """,
    )
    assert found == {
        ("command", "click", "cli"),
        ("command", "click", "one"),
        ("command", "click", "inner"),
        ("command", "click", "two"),
        ("command", "typer", "one"),
        ("command", "typer", "two"),
        ("command", "click", "one"),
        ("command", "flask", "one"),
        ("command", "argparse", "one"),
        ("command", "argparse", "main"),
    }


def test_cloud_functions_by_decorator_and_by_template(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources:\n  One:\n    Properties:\n      Handler: src/orders.handle\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "orders.py").write_text("def handle(event, context): ...\n\ndef other(event, context): ...\n")
    found = called(
        tmp_path,
        azured="""
            import azure.functions as func

            app = func.FunctionApp()

            @app.route("pets")
            def one(req: func.HttpRequest): ...

            @app.timer_trigger(schedule="0 * * * * *", arg_name="timer")
            def two(timer): ...
        """,
        googled="""
            import functions_framework

            @functions_framework.http
            def one(request): ...
        """,
        chaliced="""
            from chalice import Chalice

            app = Chalice("shop")

            @app.route("/")
            def one(): ...

            @app.on_sqs_message(queue="orders")
            def two(event): ...
        """,
        parted="""
            from chalice.app import Blueprint

            part = Blueprint(__name__)

            @part.route("/")
            def three(): ...
        """,
        powered="""
            from aws_lambda_powertools import Logger

            logger = Logger()

            @logger.inject_lambda_context
            def one(event, context): ...
        """,
    )
    assert found == {
        ("http", "azure", "one"),
        ("lambda", "azure", "two"),
        ("http", "functions_framework", "one"),
        ("http", "chalice", "one"),
        ("lambda", "chalice", "two"),
        ("http", "chalice", "three"),
        ("lambda", "aws_lambda_powertools", "one"),
        ("lambda", "aws-lambda", "handle"),
    }


def test_a_task_runs_behind_its_own_decorators_and_with_typed_arguments(tmp_path: Path) -> None:
    found = effects(
        tmp_path,
        """
import functools

import requests
from celery import shared_task


def announced(function):
    @functools.wraps(function)
    def run(*args, **kwargs):
        return function(*args, **kwargs)

    return run


@shared_task(bind=True)
@announced
def send(self, session: requests.Session):
    session.post("https://example.org")
""",
    )
    assert found == {"send": ["external-call"]}
