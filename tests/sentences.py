"""The sentences in the source that a page may show: each raise of an error of ours, each note, each reason of a state.

An f-string becomes a template with numbered places, as catalogues have it; a constant of text inside it is written out.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import pipeline

SOURCE: Final = Path(pipeline.__file__).parent
SHOWN: Final = ("domain", "imagery", "scanning", "store", "workflow", "web")
"""Packages whose sentences can reach a page: at once, or through the record of a flight that a worker wrote."""
COMMANDS_ALONE: Final = {
    "domain/claim.py": "claims stand on the card of a model",
    "domain/coverage.py": "a mistake of ours, not of what was given",
    "domain/int8.py": "a bundle is made and read by training and bench",
    "domain/limits.py": "a bundle is made and read by training and bench; a flight says `the bundle ...` of scanning",
    "domain/model.py": "a bundle is made and read by training and bench; a flight says `the bundle ...` of scanning",
    "domain/plot.py": "a mistake of ours, not of what was given",
    "domain/window.py": "a mistake of ours, not of what was given",
    "imagery/masks.py": "masks are labels, for training",
    "imagery/scenes": "painted land, for tests and the demo",
    "imagery/placing.py": "labels are placed by training",
    "imagery/relief.py": "surface models are handed in at a shell",
    "workflow/add_relief.py": "surface models are handed in at a shell",
    "store/backup.py": "backups are made and brought back at a shell",
    "store/worker_name.py": "workers are started at a shell",
    "store/dumping.py": "backups are made and brought back at a shell",
    "store/entering.py": "backups are made and brought back at a shell",
    "store/checkpoints.py": "checkpoints are signed and checked at a shell",
    "web/opening.py": "before there is a server",
    "web/server.py": "before there is a server",
    "domain/grower.py": "licences are imported at a shell",
    "store/growers.py": "licences are imported at a shell",
    "workflow/import_growers.py": "licences are imported at a shell",
    "store/no_fly.py": "no-fly zones are imported at a shell",
    "workflow/import_no_fly.py": "no-fly zones are imported at a shell",
    "domain/lesson.py": "decisions are made into labels at a shell",
    "domain/registry.py": "models are entered and promoted at a shell",
    "learning": "models are trained at a shell",
    "store/lessons.py": "decisions are made into labels at a shell",
    "store/registry.py": "models are entered and promoted at a shell",
    "workflow/challenge.py": "a challenger is trained at a shell",
    "workflow/collect_labels.py": "decisions are made into labels at a shell",
    "workflow/compare_models.py": "models are compared at a shell",
    "workflow/promote.py": "models are promoted at a shell",
    "workflow/shadow.py": "models are compared at a shell",
    "workflow/watch.py": "controls are imported at a shell",
    "workflow/verify_statement.py": "statements are verified at a shell",
    "workflow/demo.py": "what a demo found is printed at a shell",
    "workflow/evaluate.py": "evaluation is asked for at a shell",
    "workflow/hand_in.py": "files that lie on the server are handed in at a shell",
    "workflow/quantise.py": "quantising is asked for at a shell",
    "workflow/stress.py": "stress tests are asked for at a shell",
}
"""Files whose sentences no page can meet, and why."""
FAMILIES: Final = ("Error",)
TELLING: Final = frozenset({"message", "reason", "why"})
"""Keywords whose text is kept and shown."""
SAYING: Final = frozenset({"give_up", "_say"})
"""Calls whose last argument is kept and shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A file of the source, with its constants of text and its functions by name."""

    path: Path
    tree: ast.Module
    constants: dict[str, str] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its path inside the package."""
        return self.path.relative_to(SOURCE).as_posix()


@cache
def module_of(path: Path) -> Module:
    """The file at ``path``, read."""
    module = Module(path=path, tree=ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
            other = SOURCE.parent / f"{(node.module or '').replace('.', '/')}.py"
            if other.is_file():
                known = module_of(other).constants
                module.constants.update({one.name: known[one.name] for one in node.names if one.name in known})
        if isinstance(node, ast.FunctionDef):
            module.functions.setdefault(node.name, node)
    for node in module.tree.body:
        target, value = (
            (node.targets[0], node.value)
            if isinstance(node, ast.Assign)
            else (node.target, node.value)
            if isinstance(node, ast.AnnAssign)
            else (None, None)
        )
        if isinstance(target, ast.Name) and value is not None:
            text = next(iter(templates(value, module, None)), None)
            if text is not None:
                module.constants[target.id] = text
    return module


def shown_modules() -> list[Module]:
    """Every file whose sentences can reach a page."""
    files = sorted(path for package in SHOWN for path in (SOURCE / package).rglob("*.py"))
    modules = [module_of(path) for path in files]
    return [module for module in modules if not any(module.name.startswith(name) for name in COMMANDS_ALONE)]


def templates(node: ast.expr, module: Module, inside: ast.FunctionDef | None) -> Iterator[str]:
    """The texts that an expression can be, as templates; none where that cannot be told from the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield _joined(node, module)
    elif isinstance(node, ast.IfExp):
        yield from templates(node.body, module, inside)
        yield from templates(node.orelse, module, inside)
    elif isinstance(node, ast.Name):
        yield from _named(node.id, module, inside)
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "marked":
            yield from templates(node.args[0], module, inside)
        elif name in module.functions:
            yield from _returned(module.functions[name], module)


def _joined(node: ast.JoinedStr, module: Module) -> str:
    text, places = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            constant = module.constants.get(part.value.id) if isinstance(part.value, ast.Name) else None
            text += constant if constant is not None else f"{{{places}}}"
            places += constant is None
    return text


def _named(name: str, module: Module, inside: ast.FunctionDef | None) -> Iterator[str]:
    for node in ast.walk(inside) if inside else ():
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            yield from templates(node.value, module, inside)
            return
    if name in module.constants:
        yield module.constants[name]


def _returned(function: ast.FunctionDef, module: Module) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from templates(node.value, module, function)


def raised(module: Module) -> Iterator[tuple[int, ast.expr, frozenset[str]]]:
    """The line, the expression and the templates of each sentence that errors of a file are raised with."""
    for inside, node in _with_function(module.tree):
        call = node.exc if isinstance(node, ast.Raise) else node
        if isinstance(call, ast.Call) and _is_error(call, raises=isinstance(node, ast.Raise)) and call.args:
            yield node.lineno, call.args[-1], frozenset(templates(call.args[-1], module, inside))


def _is_error(call: ast.Call, *, raises: bool) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    outside = ("Runtime", "Type", "Value", "NotImplemented", "HTTPException", "SystemExit", "StageFault")
    if isinstance(call.func, ast.Call) and raises:
        return True  # type(error)("...") and the like
    if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
        return True
    return name.endswith(FAMILIES) and not name.startswith(outside)


def told(module: Module) -> Iterator[str]:
    """What is kept and shown later: notes, messages of steps, reasons of states."""
    documentation = {id(text) for text in _documentation(module.tree)}
    for inside, node in _with_function(module.tree):
        if isinstance(node, ast.Call):
            kept = [word.value for word in node.keywords if word.arg in TELLING]
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            for text in kept + ([node.args[-1]] if name in SAYING and node.args else []):
                yield from templates(text, module, inside)
        if isinstance(node, ast.FunctionDef) and node.name == "sentence":
            yield from _returned(node, module)
        if module.name.startswith("imagery") and isinstance(node, ast.JoinedStr | ast.Constant):
            text = next(iter(templates(node, module, inside)), "")
            if id(node) not in documentation and _reads_as_a_sentence(text):
                yield text


def _reads_as_a_sentence(text: str) -> bool:
    return text[:1].isupper() and text.endswith(".") and " " in text


def _documentation(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield from node.values


def _with_function(
    tree: ast.AST, inside: ast.FunctionDef | None = None
) -> Iterator[tuple[ast.FunctionDef | None, ast.AST]]:
    """Every node, and the function it stands in."""
    for node in ast.iter_child_nodes(tree):
        yield inside, node
        yield from _with_function(node, node if isinstance(node, ast.FunctionDef) else inside)


def every_template() -> frozenset[str]:
    """Every f-string of the whole source as a template, and every constant of text."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        module = module_of(path)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.JoinedStr | ast.Constant):
                found.update(templates(node, module, None))
    return frozenset(found)
