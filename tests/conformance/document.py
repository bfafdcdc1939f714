"""The official OpenAPI document: where it is, its operations, and its schemas as JSON Schema validators."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

Json = dict[str, Any]
METHODS = ("get", "put", "post", "patch", "delete")
ROOT = "urn:cloudflare"


def find() -> Path:
    """Return the document's path: `OPS_OPENAPI`, else `../shared/api/openapi.json` beside the project."""
    beside = Path(__file__).parents[3] / "shared" / "api" / "openapi.json"
    return Path(os.environ.get("OPS_OPENAPI") or beside)


def required(what: str, present: bool) -> None:
    """Skip if *what* is missing; in continuous integration that is a failure."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is absent; the judges must not be skipped here", pytrace=False)
    pytest.skip(f"{what} is absent", allow_module_level=True)


def load(name: str = "") -> Json:
    """Return the document, or the one of *name* beside it, or skip the calling module."""
    path = find().with_name(name) if name else find()
    required(f"the OpenAPI document ({path.name})", path.exists())
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    return document


@dataclass(frozen=True)
class Operation:
    """One method of one path of the document."""

    method: str
    template: str
    about: Json = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def literals(self) -> int:
        """The number of fixed segments: `dns_records/export` precedes `dns_records/{id}`."""
        return sum(not part.startswith("{") for part in self.template.split("/"))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{([^}]+)\}", self.template)
        pieces = [re.escape(part) if place % 2 == 0 else "([^/]+)" for place, part in enumerate(parts)]
        return re.compile("".join(pieces))

    def arguments(self, path: str) -> Json | None:
        """Return the decoded path parameters if *path* (percent-encoded) is this operation's, else None."""
        match = self.pattern.fullmatch(path)
        names = re.findall(r"\{([^}]+)\}", self.template)
        return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else None

    def parameters(self, place: str) -> dict[str, Json]:
        return {one["name"]: one for one in self.about.get("parameters", []) if one["in"] == place}


class Document:
    """The document's operations and validators; schemas are compiled once, when first used."""

    def __init__(self, document: Json) -> None:
        import jsonschema_rs

        self._rs = jsonschema_rs
        self._source = document
        self._validators: dict[str, Any] = {}
        self._registries: dict[bool, Any] = {}
        self.operations = sorted(self._read(), key=lambda one: -one.literals)

    def _read(self) -> Iterator[Operation]:
        for template, item in self._source["paths"].items():
            for method in METHODS:
                if method in item:
                    yield Operation(method.upper(), template, self._resolve_parameters(item[method]))

    def _resolve_parameters(self, about: Json) -> Json:
        parameters = [self.resolve(one) for one in about.get("parameters", [])]
        responses = {status: self.resolve(one) for status, one in about["responses"].items()}
        return {**about, "parameters": parameters, "responses": responses}

    def resolve(self, node: Json) -> Json:
        """Return *node*, or the target of its `$ref`."""
        while "$ref" in node:
            reference, node = node["$ref"], self._source
            for part in reference.removeprefix("#/").split("/"):
                node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def find(self, method: str, path: str) -> tuple[Operation, Json] | None:
        """Return the operation of a request and its decoded path parameters."""
        for one in self.operations:
            if one.method == method and (arguments := one.arguments(path)) is not None:
                return one, arguments
        return None

    def errors(self, schema: Json, value: Any, *, sent: bool = False) -> list[tuple[str, str]]:
        """Return (path, message) of each violation of *schema*; *sent*: *value* is a request body."""
        found = self._validator(schema, sent).iter_errors(value)
        return [(".".join(map(str, one.instance_path)), one.message[:300]) for one in found]

    def _validator(self, schema: Json, sent: bool) -> Any:
        key = f"{sent}{json.dumps(schema, sort_keys=True)}"
        if key not in self._validators:
            self._validators[key] = self._rs.Draft4Validator(
                self._translate(schema, sent), registry=self._registry(sent), validate_formats=True
            )
        return self._validators[key]

    def _registry(self, sent: bool) -> Any:
        if sent not in self._registries:
            components = self._translate(self._source["components"], sent)
            self._registries[sent] = self._rs.Registry([(ROOT, {"components": components})])
        return self._registries[sent]

    def _translate(self, node: Any, sent: bool) -> Any:
        """Return an OpenAPI 3.0 schema as JSON Schema; read-only fields need not be sent."""
        if isinstance(node, list):
            return [self._translate(one, sent) for one in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return {"$ref": ROOT + node["$ref"]}
        plain = {key: self._translate(value, sent) for key, value in node.items() if key not in _PROSE}
        if isinstance(node.get("properties"), dict):
            plain["properties"] = {key: self._translate(one, sent) for key, one in node["properties"].items()}
        if node.get("nullable") is True and isinstance(node.get("type"), str):
            plain["type"] = [node["type"], "null"]
        if sent and isinstance(node.get("required"), list):
            plain["required"] = self._writable(node)
        return plain

    def _writable(self, node: Json) -> list[str]:
        properties = node.get("properties", {})
        return [
            name for name in node["required"] if not self.resolve(properties.get(name, {})).get("readOnly")
        ]


_PROSE = frozenset({"description", "example", "examples", "default", "externalDocs", "properties"})
