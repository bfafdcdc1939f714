"""The variables of OpenTelemetry."""

from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.tracing.variables import collector, is_wanted, resource

HERE = "http://127.0.0.1:4318"
ENDPOINT, TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({ENDPOINT: "  "}, False),
        ({ENDPOINT: HERE}, True),
        ({TRACES: HERE}, True),
        ({ENDPOINT: HERE, "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({ENDPOINT: HERE, "OTEL_SDK_DISABLED": "1"}, True),
        ({ENDPOINT: HERE, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({HEADERS: "a=b"}, False),
    ],
)
def test_spans_are_sent_only_to_a_collector_that_is_named(environ: dict[str, str], wanted: bool) -> None:
    assert is_wanted(environ) is wanted


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({ENDPOINT: HERE}, f"{HERE}/v1/traces"),
        ({ENDPOINT: f"{HERE}/"}, f"{HERE}/v1/traces"),
        ({ENDPOINT: f"{HERE}/otlp"}, f"{HERE}/otlp/v1/traces"),
        ({ENDPOINT: "https://other.example", TRACES: f"{HERE}/spans"}, f"{HERE}/spans"),
    ],
)
def test_the_endpoint_for_traces_is_exact_and_the_general_one_is_extended(
    environ: dict[str, str], url: str
) -> None:
    assert collector(environ).url == url


def test_headers_are_decoded_and_those_for_traces_come_first() -> None:
    environ = {ENDPOINT: HERE, HEADERS: " Authorization = Basic%20dTpw%3D , x-team=%C3%BC,"}

    with pytest.raises(UsageError):  # a header cannot hold ü
        collector(environ)
    environ[HEADERS] = " Authorization = Basic%20dTpw%3D , x-team=ops,"
    assert collector(environ).headers == {"Authorization": "Basic dTpw=", "x-team": "ops"}
    environ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "x-team=night"
    assert collector(environ).headers == {"x-team": "night"}


@pytest.mark.parametrize(
    "text", ["secret-text", "=secret-text", "a=secret%0d%0aX: y", "a b=secret", "a=secret%ff"]
)
def test_headers_that_cannot_be_sent_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as error:
        collector({ENDPOINT: HERE, HEADERS: text})

    assert HEADERS in error.value.message
    assert "secret" not in f"{error.value.message} {error.value.hint}"


def test_headers_are_not_sent_where_others_can_read_them() -> None:
    environ = {ENDPOINT: "http://collector.example:4318", HEADERS: "authorization=secret-text"}

    with pytest.raises(UsageError) as error:
        collector(environ)

    assert error.value.message == f"{HEADERS} is not sent over plain http to another machine"
    assert collector({ENDPOINT: environ[ENDPOINT]}).headers == {}


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"])
def test_another_protocol_is_refused_with_the_receiver_that_takes_json(variable: str, protocol: str) -> None:
    with pytest.raises(UsageError) as error:
        collector({ENDPOINT: HERE, variable: protocol})

    assert error.value.message == f"{variable} asks for {protocol}, and cfops sends http/json only"
    assert "port 4318" in error.value.hint


def test_the_resource_has_the_users_attributes_and_name() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod,team=a%2Cb,service.name=x"}

    assert resource({})["service.name"] == "cfops"
    assert resource(environ)["team"] == "a,b"
    assert resource(environ)["service.name"] == "x"
    assert resource({**environ, "OTEL_SERVICE_NAME": "night"})["service.name"] == "night"
    with pytest.raises(UsageError):
        resource({"OTEL_RESOURCE_ATTRIBUTES": "team"})
