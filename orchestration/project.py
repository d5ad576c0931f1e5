"""The one owner of paths and settings.

A run is described by four things, each given on the command line or in the
environment: where the exports lie (LEAD_FUNNEL_LANDING), where everything that
is built goes (LEAD_FUNNEL_OUT), a company's own definition
(LEAD_FUNNEL_DEFINITION) and the run's vars as JSON (LEAD_FUNNEL_VARS), which go
before those that the definition keeps in its vars.yml. What DuckDB may take of
the machine is in LEAD_FUNNEL_MEMORY_LIMIT and LEAD_FUNNEL_THREADS
(orchestration/warehouse.py); where the publication is copied to, in
LEAD_FUNNEL_PUBLISH_POSTGRES (orchestration/publication/postgres/address.py); how
many publications are kept, in LEAD_FUNNEL_KEEP_PUBLICATIONS
(orchestration/publication/kept.py).
"""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import os
import re
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import LeadFunnelError, listed, meant, shorter
from orchestration.sources import trusted
from orchestration.sources.tables import LOADED_SYSTEMS, ROOT

ACTUAL = "actual"
ENGINES = ("duckdb", "spark")

DAY_ORDERS = ("day_first", "month_first")
"""How `4/5/2026` may be read."""

LANDED = "landed"
"""The folder in OUT that the systems themselves are loaded into."""

VARS_FILE = "vars.yml"
"""Where a DEFINITION folder keeps the vars of its runs."""
LARGEST_VARS = 64 << 10
"""Bytes of it."""

DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  # Nobody is asked for an e-mail address.
  enabled: false
compute_logs:
  # What a step prints is in OUT/logs; capturing it for Dagster's page would
  # start four more processes for every step.
  module: dagster.core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  runs:
    # Two runs that share a warehouse would take each other's steps for their own.
    max_concurrent_runs: 1
  pools:
    # DuckDB has one writer: assets of the pool duckdb_writer run one by one.
    default_limit: 1
    granularity: op
"""


@dataclass(frozen=True)
class RunVars:
    """What a run is asked for, checked. Defaults are the shipped definition's."""

    as_of: datetime | None = None
    """Naive UTC; none means the latest event in the data."""
    funnel_version: str | None = None
    reporting_timezone: str = "Asia/Tokyo"
    reporting_currency: str = "JPY"
    fiscal_year_start_month: int = 4
    source_timezones: Mapping[str, str] = field(default_factory=dict)
    source_currencies: Mapping[str, str] = field(default_factory=dict)
    record_urls: Mapping[str, str] = field(default_factory=dict)
    source_day_orders: Mapping[str, str] = field(default_factory=dict)
    """By system, for columns of days that do not say it."""
    source_decimal_marks: Mapping[str, str] = field(default_factory=dict)
    """By system, for columns of amounts that do not say it."""
    source_encodings: Mapping[str, str] = field(default_factory=dict)
    """Of systems whose files do not tell it."""
    max_unpacked_mb: int = 4096
    """How much a .zip may unpack to."""
    keep_deleted: bool = False
    attribution_window_days: int = 90
    report_names_reps: bool = False
    """Whether the report names sales reps; without it they have numbers there."""
    publish_personal_data: bool = True
    """Whether names and addresses are published, in a file of their own."""

    @classmethod
    def parse(
        cls,
        given: str | Mapping[str, Any] | None,
        definition: Path | None = None,
    ) -> RunVars:
        """Vars from JSON text or a mapping, laid over those of a DEFINITION folder;
        each error is a sentence. Of a map by system each system's value is a var."""
        known = {item.name: _CHECKS[item.name] for item in fields(cls)}
        kept = vars_kept(definition) if definition is not None else {}
        values = _as_mapping(given)
        for said, names in ((f"{VARS_FILE} of DEFINITION", kept), ("VARS", values)):
            for name in names:
                if name not in known:
                    raise LeadFunnelError(
                        f"{said} has the unknown name {shorter(str(name))!r}"
                        f"{meant(str(name), known)}. "
                        f"Known are {listed(known, limit=20)}."
                    )
        values = _laid_over(kept, values)
        return cls(
            **{
                name: known[name](name, value)
                for name, value in values.items()
                if value is not None
            }
        )

    def timezone_of(self, system: str) -> str:
        return self.source_timezones.get(system, "UTC")

    def currency_of(self, system: str) -> str:
        return self.source_currencies.get(system, self.reporting_currency)

    def as_json(self, *, whole: bool = False) -> str:
        """The same vars as JSON, only what differs from the defaults, unless the
        `whole` is wanted."""
        default = RunVars()
        changed = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if whole or getattr(self, item.name) != getattr(default, item.name)
        }
        if self.as_of is not None:
            changed["as_of"] = self.as_of.isoformat()
        return json.dumps(changed, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Project:
    """Where one run reads and writes, and what it was asked for."""

    root: Path
    landing: Path
    out: Path
    definition: Path | None
    vars: RunVars
    trial: str | None = None
    """The name of a build that is only compared, never published."""
    engine: str = "duckdb"
    """What builds the models; it reads the same raw tables with either."""
    database: Path | None = None
    """The DuckDB file to build in, where that is not the warehouse of OUT."""

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        landing: str | Path | None = None,
        out: str | Path | None = None,
        definition: str | Path | None = None,
        vars: str | Mapping[str, Any] | None = None,
        engine: str | None = None,
    ) -> Project:
        """The project as the environment says; what is passed here goes first."""
        environ = os.environ if environ is None else environ

        def pick(name: str, given: Any) -> Any:
            return given if given is not None else environ.get(name) or None

        given = pick("LEAD_FUNNEL_DEFINITION", definition)
        folder = _path(given) if given else None
        out = _path(pick("LEAD_FUNNEL_OUT", out) or ROOT / "out")
        project = cls(
            root=ROOT,
            landing=_path(
                pick("LEAD_FUNNEL_LANDING", landing) or _usual_landing(out, environ)
            ),
            out=out,
            definition=folder,
            vars=RunVars.parse(pick("LEAD_FUNNEL_VARS", vars), folder),
            engine=_engine(pick("LEAD_FUNNEL_ENGINE", engine) or ENGINES[0]),
        )
        project._check_folders()
        return project

    def _check_folders(self) -> None:
        for name, folder in (
            ("LANDING", self.landing),
            ("OUT", self.out),
            ("DEFINITION", self.definition),
        ):
            try:
                os.fspath(folder or "").encode()
            except UnicodeEncodeError as error:
                raise LeadFunnelError(
                    f"{name} is {folder}, whose path is not UTF-8: rename the folder."
                ) from error
        if self.out.exists() and not self.out.is_dir():
            raise LeadFunnelError(
                f"OUT is {self.out}, which is a file: name a folder that results "
                "may be written to."
            )
        if self.out == self.landing:
            raise LeadFunnelError(
                f"LANDING and OUT are the same folder ({self.out}): choose another "
                "for OUT, where results are written."
            )
        if self.definition is not None and not self.definition.is_dir():
            raise LeadFunnelError(
                f"DEFINITION is {self.definition}, which is not a folder: name the "
                "folder that holds your seeds, such as stage_rules.add.csv."
            )

    # What is built, all of it under OUT.

    @property
    def warehouse(self) -> Path:
        return self.database or self.out / "warehouse" / "warehouse.duckdb"

    @property
    def built(self) -> Path:
        """The DuckDB file in which what the models built can be read."""
        if self.engine == "spark":
            return self.out / "spark" / "built.duckdb"
        return self.warehouse

    @property
    def landed(self) -> Path:
        """What was loaded from the systems themselves (orchestration/live)."""
        return self.out / LANDED

    @property
    def dlt(self) -> Path:
        """What dlt needs while it loads, and how far it is."""
        return self.out / "dlt"

    @property
    def raw(self) -> Path:
        """The raw tables as Parquet, which every engine reads."""
        return self.out / "raw"

    @property
    def spark_tables(self) -> Path:
        return self.out / "spark" / "tables"

    @property
    def publications(self) -> Path:
        return self.out / "publications"

    @property
    def published(self) -> Path:
        """A link to the publication that readers see; swapped in one step."""
        return self.out / "published"

    @property
    def published_database(self) -> Path:
        return self.published / "lead_funnel.duckdb"

    @property
    def published_personal_database(self) -> Path:
        """Names and addresses, in a file that only its owner opens."""
        return self.published / "lead_funnel_pii.duckdb"

    @property
    def data_docs(self) -> Path:
        return self.out / "data_docs"

    @property
    def scratch(self) -> Path:
        """What a load needs while it reads; empty afterwards."""
        return self.out / "scratch"

    @property
    def dagster_home(self) -> Path:
        return self.out / "dagster"

    @property
    def logs(self) -> Path:
        return self.out / "logs"

    @property
    def seeds(self) -> Path:
        return self.root / "seeds"

    # A what-if is built beside the actual reading of the data, never over it: in
    # schemas of its own, settings and seeds included.

    @property
    def build(self) -> str:
        """The build's name: `actual`, or one for each named funnel version."""
        if self.trial is not None:
            return self.trial
        version = self.vars.funnel_version
        return ACTUAL if version is None else whatif_build(version)

    @property
    def schema_prefix(self) -> str:
        return schema_prefix(self.build)

    @property
    def dbt_target(self) -> Path:
        """Where dbt keeps what it compiled; each engine has its own SQL."""
        name = "dbt" if self.engine == ENGINES[0] else f"dbt_{self.engine}"
        return self.out / name / self.build

    def dbt_environment(self) -> dict[str, str]:
        """The environment that dbt_project.yml and profiles.yml read."""
        return {
            "LEAD_FUNNEL_WAREHOUSE": str(self.warehouse),
            "LEAD_FUNNEL_SCHEMA_PREFIX": self.schema_prefix,
            # What is built without it was built by hand (macros/built_by_hand.sql).
            "LEAD_FUNNEL_RUN": "true",
            "DBT_LOG_PATH": str(self.logs / "dbt"),
            # Nobody reads the manifest that dbt would write five times a run:
            # it is passed on in memory.
            "DBT_WRITE_JSON": "false",
        }

    def environment(self) -> dict[str, str]:
        """The environment under which another process is this same project."""
        return {
            "LEAD_FUNNEL_LANDING": str(self.landing),
            "LEAD_FUNNEL_OUT": str(self.out),
            "LEAD_FUNNEL_DEFINITION": str(self.definition or ""),
            # All of them: a default, too, may go before what the definition keeps.
            "LEAD_FUNNEL_VARS": self.vars.as_json(whole=True),
            "LEAD_FUNNEL_ENGINE": self.engine,
        }

    def prepare_out(self) -> None:
        """Make the folders that the warehouse and Dagster need."""
        try:
            self.warehouse.parent.mkdir(parents=True, exist_ok=True)
            self.dagster_home.mkdir(parents=True, exist_ok=True)
            settings = self.dagster_home / "dagster.yaml"
            if not settings.exists():
                settings.write_text(DAGSTER_YAML)
        except OSError as error:
            raise LeadFunnelError(
                f"OUT is {self.out}, where nothing can be written "
                f"({error.strerror}): name a folder that results may go to."
            ) from error


@contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """With these variables in this process's environment, and afterwards as before."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def whatif_build(version: str) -> str:
    """The name of the build that reads all of history with one version."""
    plain = re.sub(r"[^a-z0-9_]", "_", version.lower())
    if plain != version:
        plain += "_" + hashlib.md5(version.encode()).hexdigest()[:6]
    return f"whatif_{plain}"


def schema_prefix(build: str) -> str:
    """What stands in front of the names of a build's schemas."""
    return "" if build == ACTUAL else f"{build}__"


def _engine(given: str) -> str:
    if given not in ENGINES:
        raise LeadFunnelError(
            f"ENGINE is {shorter(given)!r}{meant(given, ENGINES)}, but must be one of "
            f"{listed(ENGINES)}."
        )
    return given


def _usual_landing(out: Path, environ: Mapping[str, str]) -> Path:
    """The sample, but never beside what a company loads from its systems: then the
    store of that is all that is read."""
    from orchestration.live.configured import configured

    landed = out / LANDED
    return (
        landed
        if landed.is_dir() or configured(environ)
        else (ROOT / "sample" / "landing")
    )


def _path(given: str | Path) -> Path:
    try:
        path = Path(given).expanduser().resolve()
        path.exists()  # Asks the system, which takes no name of any length.
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LeadFunnelError(
            f"{shorter(str(given))} can be no folder ({shorter(reason)}): name another."
        ) from error
    return path


def _as_mapping(given: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    example = 'such as VARS=\'{"reporting_timezone": "UTC"}\''
    if isinstance(given, str):
        try:
            given = json.loads(given, object_pairs_hook=_once)
        except RecursionError as error:
            raise LeadFunnelError(
                f"VARS is nested too deep: give one object, {example}."
            ) from error
        except json.JSONDecodeError as error:
            raise LeadFunnelError(
                f"VARS is not JSON ({error.msg} at character {error.pos + 1} of "
                f"{shorter(error.doc)}): give one object, {example}."
            ) from error
        except ValueError as error:
            raise LeadFunnelError(
                f"VARS is not JSON ({error}): give one object, {example}."
            ) from error
    if not isinstance(given, Mapping):
        raise LeadFunnelError(f"VARS is not a JSON object: give one, {example}.")
    return given


def vars_kept(definition: Path) -> dict[str, Any]:
    """The vars that a DEFINITION folder keeps in its vars.yml, as they are written;
    a file that is no map of names to values is an error."""
    path = definition / VARS_FILE
    if not os.path.lexists(path):
        return {}
    trusted.check_definition(path, definition, LARGEST_VARS)
    example = f"such as\n{VARS_EXAMPLE}"
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = yaml.load(text, Loader=_EachOnce)
    except UnicodeDecodeError as error:
        raise LeadFunnelError(f"{path} is not UTF-8: save it as UTF-8.") from error
    except RecursionError as error:
        raise LeadFunnelError(
            f"{path} is nested too deep: keep a var a line there, {example}"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        said = getattr(error, "problem", None) or "it cannot be read"
        raise LeadFunnelError(
            f"{path} is not YAML{where}: {said}. Keep a var a line there, {example}"
        ) from error
    except (ValueError, OverflowError) as error:
        # It looks like a day or a number, and is none.
        raise LeadFunnelError(
            f"{path} is not YAML: {error}. Keep a var a line there, {example}"
        ) from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise LeadFunnelError(
            f"{path} is not a map of vars: keep a var a line there, {example}"
        )
    return {str(name): _as_text(value) for name, value in found.items()}


VARS_EXAMPLE = """\
reporting_timezone: Europe/Berlin
source_timezones:
  generic: Europe/Berlin"""


class _EachOnce(yaml.SafeLoader):
    """YAML in which a name may not stand twice, and nothing stands for what is written
    elsewhere: few lines may be gigabytes so."""

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(
                None, None, f"it uses the alias *{event.anchor}", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"it names {name!r} twice", node.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def _as_text(value: Any) -> Any:
    """A day or an instant as VARS would hold it; YAML knows them as such."""
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The vars above in place of those below, of maps by system one by one."""
    values = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], Mapping) and isinstance(above[name], Mapping):
            values[name] = {**below[name], **above[name]}
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        [(twice, _)] = Counter(names).most_common(1)
        raise LeadFunnelError(f"VARS names {twice!r} twice: keep one of them.")
    return result


def _wrong(name: str, value: Any, wanted: str) -> LeadFunnelError:
    try:
        shown = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        # A map whose names are no texts, or a number of thousands of digits.
        shown = f"no value that can be shown ({type(value).__name__})"
    return LeadFunnelError(f"The var {name} is {shorter(shown)}, but must be {wanted}.")


def _instant(name: str, value: Any) -> datetime:
    wanted = (
        "an instant, such as 2026-09-30T15:00:00+09:00 or 2026-09-30 (without an "
        "offset it is UTC)"
    )
    if not isinstance(value, str):
        raise _wrong(name, value, wanted)
    try:
        instant = datetime.fromisoformat(value.strip().replace("/", "-"))
        if instant.tzinfo is not None:
            instant = instant.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise _wrong(name, value, wanted) from error
    return instant


def _version(name: str, value: Any) -> str:
    wanted = "the name of a version in the seed funnel_versions"
    if not isinstance(value, str) or not re.fullmatch(r"\S(.{0,60}\S)?", value):
        raise _wrong(name, value, wanted)
    return value


@cache
def timezones() -> frozenset[str]:
    """The names of all time zones, which are looked up in some six hundred files."""
    return frozenset(zoneinfo.available_timezones())


def _timezone(name: str, value: Any) -> str:
    known = timezones()
    if not isinstance(value, str) or value not in known:
        close = meant(str(value), sorted(known))
        raise _wrong(name, value, f"a time zone such as Asia/Tokyo or UTC{close}")
    return value


def _currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{3}", value):
        raise _wrong(name, value, "the three letters of a currency, such as JPY")
    return value.upper()


def _record_url(name: str, value: Any) -> str:
    wanted = (
        "the address of a record with {record_id} where its id stands, such as "
        "https://example.lightning.force.com/lightning/r/{record_id}/view"
    )
    if (
        not isinstance(value, str)
        or not re.fullmatch(r"https?://[^\s\"'<>]+", value)
        or value.count("{record_id}") != 1
    ):
        raise _wrong(name, value, wanted)
    return value


def _one_of(*known: str) -> Callable[[str, Any], str]:
    def checked(name: str, value: Any) -> str:
        if value not in known:
            raise _wrong(name, value, f"{' or '.join(known)}")
        return value

    return checked


NO_ENCODINGS_OF_FILES = (
    *("idna", "punycode", "undefined"),
    *("raw_unicode_escape", "unicode_escape", "raw-unicode-escape", "unicode-escape"),
)


def _encoding(name: str, value: Any) -> str:
    wanted = "the name of an encoding, such as cp932, cp1252, mac_roman or utf-16"
    try:
        found = codecs.lookup(str(value)).name
        # Python has some that are no texts, such as zlib.
        io.TextIOWrapper(io.BytesIO(), found)
    except (LookupError, ValueError) as error:
        raise _wrong(name, value, wanted) from error
    if found in NO_ENCODINGS_OF_FILES:
        raise _wrong(name, value, wanted)
    return found


def _megabytes(name: str, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 1 << 20:
        raise _wrong(name, value, "a number of megabytes, 1 or more")
    return value


def _month(name: str, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 12:
        raise _wrong(name, value, "the number of a month, 1 to 12")
    return value


def _days(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 36500:
        raise _wrong(name, value, "a number of days, 0 or more")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return value


def _by_system(
    check: Callable[[str, Any], str],
) -> Callable[[str, Any], dict[str, str]]:
    def checked(name: str, value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise _wrong(name, value, 'a map by system, such as {"salesforce": …}')
        for system in value:
            if system not in LOADED_SYSTEMS:
                raise LeadFunnelError(
                    f"The var {name} names the unknown system "
                    f"{shorter(str(system))!r}{meant(str(system), LOADED_SYSTEMS)}. "
                    f"Known are {listed(LOADED_SYSTEMS)}."
                )
        return {
            system: check(f"{name}.{system}", text) for system, text in value.items()
        }

    return checked


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "as_of": _instant,
    "funnel_version": _version,
    "reporting_timezone": _timezone,
    "reporting_currency": _currency,
    "fiscal_year_start_month": _month,
    "source_timezones": _by_system(_timezone),
    "source_currencies": _by_system(_currency),
    "record_urls": _by_system(_record_url),
    "source_day_orders": _by_system(_one_of(*DAY_ORDERS)),
    "source_decimal_marks": _by_system(_one_of("point", "comma")),
    "source_encodings": _by_system(_encoding),
    "max_unpacked_mb": _megabytes,
    "keep_deleted": _flag,
    "attribution_window_days": _days,
    "report_names_reps": _flag,
    "publish_personal_data": _flag,
}


if __name__ == "__main__":
    # For `make dev`: says where Dagster keeps its runs of this project.
    here = Project.from_environment()
    here.prepare_out()
    print(here.dagster_home)
