"""Modules are recognized by the imports and exports of their code, not by words in strings and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.products.workers.javascript import is_module

MODULES = [
    "export default {}",
    "var r={};export{r as default};",
    'import"./a.js"',
    "import{a}from'b'",
    "import * as a from 'b'",
    "import a, {b} from 'c'",
    "import defer * as a from 'b'",
    "/* export */ export {}",
    "'use strict'; export {}",
    "#!/usr/bin/env node\nexport {}",
    "\ufeffexport {}",
    "let a = 1 / 2; export {}",
    "let a = /[/`]/g; export {}",
    "let a = `${`}` + {b: `}`}.b}`; export {}",
    "if (x) /`/.test(y); export {}",
    "f(x) / 2; `a`; export {}",
    "function f() {} /`/.test(y); export {}",
    "x = {} / 2; y = `/`; export {}",
    "a[0] / 2; b = `/`; export {}",
    "x = {a: {} / 2}; y = `/`; export {}",
    "label: {} /`/.test(y); export {}",
    "x = a => {}\n/`/.test(y)\nexport {}",
    "let a = 'x\\\ny'; export {}",
    "a.import; export {}",
    "class A { import() {} } export {}",
    "for (const a of /`/.exec(b)) c(); export {}",
    "let g = 2; let i = 4 /g/ 2; export {}",
    "a++ / 2; b = `x`; export {}",
    "console.log(import.meta.url)",
    "function f() { return import . /**/ meta }",
    "function f(){}export{f}",
    "x\n<!-- ` a comment\nexport {}",
]
SCRIPTS = [
    "",
    "addEventListener('fetch', () => {})",
    "import('./a.js')",
    "const a = import /* x */ ('./a.js')",
    "import.defer('a')",
    "const a = 'export default {}'",
    'const a = "\\\nexport {}"',
    "const a = `\nexport default {}\nimport 'x'\n${b}\nexport {}\n`",
    "// export {}\n/*\nexport {}\n*/",
    "const a = /export {}/",
    "const a = /[/]\\/export {}/",
    "if (x) /export {}/.test(y)",
    "return /export {}/",
    "module.exports = {}; exports.export = 1; a?.export",
    "({export: 1, import: 2})",
    "function f() { return {import: 1} }",
    "x.export; x.import",
    "const exported = 1, imports = 2, $export = 3, export$ = 4",
    "\\u0065xport = 1",
    "let \u00e9xport = 1",
]


@pytest.mark.parametrize("source", MODULES)
def test_code_that_imports_or_exports_is_a_module(source: str) -> None:
    assert is_module(source.encode()) is True


@pytest.mark.parametrize("source", SCRIPTS)
def test_code_without_imports_and_exports_is_not_a_module(source: str) -> None:
    assert is_module(source.encode()) is False


@pytest.mark.parametrize(
    "source", ["import(", "let a = 'import", "`import", "`${`import`", "import(]", ") import"]
)
def test_code_that_does_not_close_is_neither(source: str) -> None:
    assert is_module(source.encode()) is None


@given(st.text("export import{}()[]`$/\\'\"*\n;=.1a", max_size=60))
def test_any_text_is_answered(text: str) -> None:
    assert is_module(text.encode()) in (True, False, None)


@given(st.binary(max_size=60))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert is_module(b"import " + data) in (True, False, None)
