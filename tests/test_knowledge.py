"""The knowledge that ships with the tool: look-ups that the engine and the rules rely on."""

from __future__ import annotations

import pytest

from threadly_lint.knowledge import Argument, Knowledge, Timeout, load_knowledge


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return load_knowledge()


EFFECTS = """
sqlalchemy.orm.session.Session.add                       write
sqlalchemy.orm.Session.query                             build-read
sqlalchemy.orm.Session.execute                           read-or-write
sqlalchemy.orm.Session.commit                            commit
sqlalchemy.orm.scoped_session.delete                     write
sqlalchemy.ext.asyncio.AsyncSession.scalars              read-or-write
sqlalchemy.ext.asyncio.session.AsyncSession.flush        flush
sqlalchemy.orm.Query.first                               read
sqlalchemy.orm.Query.update                              write
sqlalchemy.insert                                        build-write
sqlalchemy.sql.expression.select                         build-read
sqlalchemy.dialects.postgresql.insert                    build-write
sqlalchemy.Insert.on_conflict_do_update                  upsert
sqlalchemy.text                                          build-raw
sqlalchemy.ForeignKey                                    foreign-key
flask_sqlalchemy.SQLAlchemy.session.add                  write
flask_sqlalchemy.model.Model.query.get_or_404            read
sqlmodel.Session.exec                                    read-or-write
sqlmodel.Session.add                                     write
django.db.models.Manager.create                          write
django.db.models.query.QuerySet.filter                   build-read
django.db.models.QuerySet.get_or_create                  upsert
django.db.models.Model.save                              write
django.db.models.Model.objects.first                     read
django.db.transaction.atomic                             begin
django.db.transaction.on_commit                          after-commit
psycopg2.extensions.cursor.execute                       read-or-write
asyncpg.Pool.fetchrow                                    read-or-write
peewee.Model.insert                                      build-write
peewee.ModelInsert.execute                               write
tortoise.models.Model.filter                             build-read
beanie.Document.insert                                   write
motor.motor_asyncio.AsyncIOMotorClient.shop.items.find   read
pymongo.MongoClient.shop.items.insert_one                write
boto3.client('dynamodb').put_item                        write
google.cloud.firestore.DocumentReference.set             write
flask_login.login_required                               guard
flask_login.utils.current_user                           current-user
flask.session.get                                        session
flask_jwt_extended.jwt_required                          guard
django.contrib.auth.mixins.LoginRequiredMixin            guard
rest_framework.permissions.AllowAny                      guard-none
rest_framework.permissions.IsAuthenticatedOrReadOnly     guard-partial
fastapi.security.HTTPBearer                              guard-weak
jwt.decode                                               token-check
jwt.get_unverified_header                                not-a-guard
stripe.Webhook.construct_event                           guard
flask.request.json                                       source
fastapi.Request.query_params                             source
django.core.handlers.wsgi.WSGIRequest.POST               source
rest_framework.request.Request.data                      source
tornado.web.RequestHandler.get_argument                  source
pydantic.main.BaseModel.model_validate                   validation
rest_framework.serializers.ModelSerializer.is_valid      validation
rest_framework.serializers.Serializer.validated_data     validated
markupsafe.Markup                                        markup
django.utils.safestring.mark_safe                        markup
werkzeug.utils.secure_filename                           sanitizer
requests.get                                             external-call
requests.sessions.Session.post                           external-call
httpx.AsyncClient                                        client
aiohttp.ClientSession.get                                external-call
boto3.client('s3').put_object                            external-call
boto3.client('textract').detect_document_text            external-call
stripe.PaymentIntent.create                              external-call
openai.AsyncOpenAI.chat.completions.create               external-call
django.core.mail.send_mail                               external-call
requests.Response.raise_for_status                       status-check
tenacity.retry                                           retry
redis.asyncio.Redis.setex                                cache-set
django.core.cache.cache.get_or_set                       cache-remember
redis.Redis.publish                                      publish
elasticsearch.AsyncElasticsearch.index                   index-write
opensearchpy.OpenSearch.search                           index-read
celery.app.task.Task.delay                               enqueue
fastapi.BackgroundTasks.add_task                         background
sentry_sdk.capture_exception                             report
logging.Logger.exception                                 report
flask.current_app.logger.error                           report
flask_limiter.Limiter.limit                              rate-limit
werkzeug.exceptions.Unauthorized                         abort
werkzeug.exceptions.Unauthorized                         exception
subprocess.run                                           process
eval                                                     code
builtins.open                                            file-read
time.time                                                clock
asyncio.sleep                                            sleep
"""


@pytest.mark.parametrize(("name", "effect"), [line.split() for line in EFFECTS.split("\n") if line])
def test_effects(known: Knowledge, name: str, effect: str) -> None:
    assert known.fact(name, effect) is not None
    assert known.is_known(name)


TYPES = """
sqlalchemy.orm.Session.execute             sqlalchemy.engine.Result[$0.elem]
sqlalchemy.orm.Session.get                 $0 | None
sqlalchemy.orm.Query.filter_by             $self
sqlalchemy.orm.Query.one                   $elem
sqlalchemy.engine.Result.scalars           sqlalchemy.engine.ScalarResult[$elem]
sqlalchemy.select                          sqlalchemy.Select[$0]
sqlalchemy.orm.declarative_base            type[sqlalchemy.orm.DeclarativeBase]
sqlalchemy.create_engine                   sqlalchemy.engine.Engine
django.db.models.Manager.filter            $self
django.db.models.QuerySet.first            $elem | None
django.db.models.QuerySet.get_or_create    tuple[$elem, bool]
django.shortcuts.get_object_or_404         $0.elem
django.contrib.auth.get_user_model         type[django.contrib.auth.models.User]
psycopg2.connect                           psycopg2.extensions.connection
boto3.client                               boto3.client('$0')
httpx.AsyncClient.get                      httpx.Response
httpx.AsyncClient                          $call
flask.jsonify                              flask.Response
"""


@pytest.mark.parametrize(("name", "text"), [line.split(maxsplit=1) for line in TYPES.split("\n") if line])
def test_what_calls_return(known: Knowledge, name: str, text: str) -> None:
    assert str(known.returns(name)) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("flask_sqlalchemy.SQLAlchemy.session", "sqlalchemy.orm.scoped_session"),
        ("flask_sqlalchemy.SQLAlchemy.Model", "type[flask_sqlalchemy.model.Model]"),
        ("django.db.models.Model.objects", "django.db.models.Manager[$self]"),
        ("flask.request", "flask.Request"),
        ("openai.OpenAI.chat", "openai.resources.chat.Chat"),
        ("pymongo.MongoClient.anything", "pymongo.database.Database"),
        ("pymongo.MongoClient.close", "None"),
    ],
)
def test_what_attributes_hold(known: Knowledge, name: str, text: str) -> None:
    assert str(known.attr(name)) == text


IDENTITIES = """
flask_login.current_user                        object
flask_login.current_user.is_authenticated       bool
flask_login.current_user.is_anonymous           not-bool
django.http.HttpRequest.user                    object
django.http.HttpRequest.user.is_staff           bool
django.contrib.auth.authenticate                optional
flask.session.get                               mapping
flask_jwt_extended.get_jwt_identity             optional
flask_jwt_extended.verify_jwt_in_request        raises
fastapi.security.OAuth2PasswordBearer           credential
starlette.requests.Request.user                 object
jwt.decode                                      raises
hmac.compare_digest                             bool
werkzeug.security.check_password_hash           bool
tornado.web.RequestHandler.current_user         optional
aiohttp_security.check_authorized               raises
pyramid.request.Request.authenticated_userid    optional
"""


@pytest.mark.parametrize(("name", "identity"), [line.split() for line in IDENTITIES.split("\n") if line])
def test_what_proves_the_caller(known: Knowledge, name: str, identity: str) -> None:
    assert [fact.identity for fact in known.facts(name)] == [identity]


@pytest.mark.parametrize(
    ("name", "status", "argument"),
    [
        ("werkzeug.exceptions.Unauthorized", 401, None),
        ("django.core.exceptions.PermissionDenied", 403, None),
        ("rest_framework.exceptions.NotAuthenticated", 401, None),
        ("falcon.HTTPUnauthorized", 401, None),
        ("aiohttp.web.HTTPTooManyRequests", 429, None),
        ("flask.abort", 0, Argument(0, ("code",))),
        ("starlette.exceptions.HTTPException", 0, Argument(0, ("status_code",))),
        ("tornado.web.HTTPError", 0, Argument(0, ("status_code",))),
    ],
)
def test_status_of_a_rejection(known: Knowledge, name: str, status: int, argument: Argument | None) -> None:
    fact = known.fact(name, "abort")
    assert fact is not None
    assert (fact.status, fact.status_argument) == (status, argument)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http.HTTPStatus.UNAUTHORIZED", 401),
        ("http.HTTPStatus.UNAUTHORIZED.value", 401),
        ("fastapi.status.HTTP_401_UNAUTHORIZED", 401),
        ("rest_framework.status.HTTP_403_FORBIDDEN", 403),
        ("http.HTTPStatus.NO_SUCH_NAME", None),
        ("fastapi.status.WS_1000_NORMAL_CLOSURE", None),
    ],
)
def test_constants(known: Knowledge, name: str, value: int | None) -> None:
    assert known.constant(name) == value


@pytest.mark.parametrize(
    ("name", "limits", "unbounded"),
    [
        ("requests.get", (None,), True),
        ("httpx.get", (5.0,), False),
        ("aiohttp.ClientSession", (300.0,), False),
        ("smtplib.SMTP", (None,), True),
        ("stripe.Charge.create", (80.0,), False),
        ("zeep.Transport", (300.0, None), True),
    ],
)
def test_time_limits(known: Knowledge, name: str, limits: tuple[float | None, ...], unbounded: bool) -> None:
    timeout = known.facts(name)[0].timeout
    assert timeout is not None
    assert (timeout.defaults, timeout.unbounded) == (limits, unbounded)


def test_a_limit_may_come_from_the_client(known: Knowledge) -> None:
    assert known.facts("httpx.Client.get")[0].timeout == Timeout((Argument(None, ("timeout",)),), (), "call", True)


def test_arguments_of_a_cache_call(known: Knowledge) -> None:
    fact = known.fact("redis.Redis.setex", "cache-set")
    assert fact is not None
    assert fact.key == Argument(0, ("name",))
    assert fact.ttl == Argument(1, ("time", "time_ms"))
    assert fact.value == Argument(2, ("value",))


def test_async_likeness_stays_synchronous_where_the_library_does(known: Knowledge) -> None:
    session = "sqlalchemy.ext.asyncio.AsyncSession"
    assert [known.facts(f"{session}.{name}")[0].is_async for name in ("commit", "get", "add", "begin")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("name", "keyword", "effect", "when"),
    [
        ("flask_jwt_extended.jwt_required", "optional", "guard-weaken", True),
        ("fastapi.security.HTTPBearer", "auto_error", "guard-weaken", False),
        ("jwt.decode", "options", "guard-weaken", {"verify_signature": False}),
        ("rest_framework.serializers.ModelSerializer.is_valid", "raise_exception", "validation", True),
        ("aiohttp.ClientSession", "raise_for_status", "status-check", True),
    ],
)
def test_keywords(known: Knowledge, name: str, keyword: str, effect: str, when: object) -> None:
    fact = known.keyword(name, keyword)
    assert fact is not None
    assert (fact.effect, fact.when) == (effect, when)


def test_settings(known: Knowledge) -> None:
    fact = known.setting("REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES")
    assert fact is not None
    assert (fact.effect, fact.kind, fact.role) == ("guard", "setting", "guards")
    assert known.setting("SECRET_KEY") is None


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("requests.Timeout", "requests.RequestException"),
        ("requests.exceptions.ConnectTimeout", "OSError"),
        ("httpx.ReadTimeout", "httpx.HTTPError"),
        ("aiohttp.ServerTimeoutError", "TimeoutError"),
        ("asyncio.TimeoutError", "OSError"),
        ("sqlalchemy.exc.IntegrityError", "sqlalchemy.exc.SQLAlchemyError"),
        ("builtins.ConnectionResetError", "IOError"),
        ("json.decoder.JSONDecodeError", "builtins.ValueError"),
        ("flask_sqlalchemy.query.Query", "sqlalchemy.orm.Query"),
        ("sqlmodel.SQLModel", "pydantic.BaseModel"),
    ],
)
def test_subclasses(known: Knowledge, child: str, parent: str) -> None:
    assert known.is_subclass(child, parent)


@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("botocore.exceptions.ClientError", "botocore.exceptions.BotoCoreError"),
        ("httpx.InvalidURL", "httpx.HTTPError"),
        ("redis.exceptions.TimeoutError", "builtins.TimeoutError"),
        ("httpx.HTTPStatusError", "OSError"),
    ],
)
def test_handlers_that_miss(known: Knowledge, name: str, handler: str) -> None:
    assert not known.is_subclass(name, handler)
    assert known.exceptions(name)[-2:] == ("Exception", "BaseException")


def test_class_with_everything_it_inherits(known: Knowledge) -> None:
    found = known.class_of("flask_sqlalchemy.BaseQuery")
    assert found is not None
    assert found.name == "flask_sqlalchemy.query.Query"
    assert found.mro == ("flask_sqlalchemy.query.Query", "sqlalchemy.orm.Query")
    assert str(found.iter) == "$elem"
    assert {str(found.returns[name]) for name in ("filter", "first_or_404")} == {"$self", "$elem"}
    assert known.class_of("sqlalchemy.select") is None


def test_objects_of_a_class_in_use(known: Knowledge) -> None:
    session = known.class_of("sqlalchemy.ext.asyncio.AsyncSession")
    maker = known.class_of("sqlalchemy.ext.asyncio.async_sessionmaker")
    key = known.class_of("django.db.models.ForeignKey")
    assert session is not None
    assert maker is not None
    assert key is not None
    assert str(session.enter) == "$self"
    assert str(maker.called) == "sqlalchemy.ext.asyncio.AsyncSession"
    assert str(key.field) == "$0"


def test_unknown_names_are_nothing(known: Knowledge) -> None:
    for name in ("shop.models.Order.save", "requests.no_such_function", "flask.request.no_such_attribute"):
        assert known.facts(name) == ()
        assert not known.is_known(name)
    assert known.is_known("socket.timeout")
    assert known.root_known("flask")
    assert not known.root_known("shop")
