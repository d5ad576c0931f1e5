"""Definitions and settings that an attacker writes, by family."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from tests.definition.headings import (
    CALENDARS,
    FILES,
    HOLIDAYS,
    LIMITS,
    MODELS,
    PERIODS,
    POLICIES,
    RATES,
    RULES,
    STAGES,
    STEPS,
    TARGETS,
    VERSIONS,
)
from tests.hostile.attack import Attack, Place, definition, rows_of
from tests.hostile.company import NASTY
from tests.sources import hostile

# What is no file of a definition


def link_to(target: Callable[[Place], object], name: str, said: str) -> Attack:
    def put(at: Place) -> None:
        (at.definition / name).symlink_to(target(at))

    return Attack(f"{name}: a link", put, said, name)


OUT_OF = "leads out of the folder"
DEFINITION_FILES = [
    *(
        definition(name.strip(), write, said, names="", title=ascii(name))
        for name, (write, said) in hostile.DEFINITIONS.items()
    ),
    link_to(lambda at: at.outside / "stage_rules.add.csv", "stage_rules.csv", OUT_OF),
    link_to(lambda at: at.outside / "vars.yml", "vars.yml", OUT_OF),
    link_to(
        lambda at: at.outside / "erasure_requests.csv", "erasure_requests.csv", OUT_OF
    ),
    link_to(lambda at: "/etc/passwd", "erasure_requests.csv", OUT_OF),
    link_to(lambda at: "/etc/passwd", "files.csv", OUT_OF),
    link_to(lambda at: at.out, "stages.csv", "not a CSV file|leads out"),
    link_to(lambda at: at.outside, "more", "not a CSV file|leads out"),
    link_to(lambda at: "erasure_requests.csv", "erasure_requests.csv", "itself"),
    definition("erasure_requests.csv", hostile.pipe, "a pipe"),
    definition("erasure_requests.csv", hostile.folder, "a folder"),
    definition("erasure_requests.csv", b"\0" * 1_000, None, title="NULs"),
    definition(
        "erasure_requests.csv", "system,record_id,who\ngeneric,1,x\n", "unknown column"
    ),
    definition("erasure_requests.csv", "system,record_id\nnone,1\n", "is no system"),
    definition("erasure_requests.csv", "email\nnobody\n", "Say who asks"),
    definition(
        "erasure_requests.csv", "email\n" + "x" * 200_000 + "\n", "line 2|quote"
    ),
    definition("vars.yml", hostile.folder, "a folder"),
    definition("stages.xlsx", hostile.workbook(hostile.SHEET), "not a CSV file"),
    definition("stages.csv.gz", b"\x1f\x8b\x08", "not a CSV file"),
    definition("dbt_project.yml", "name: x\n", "not a CSV file"),
    definition("x.sql", "drop table x", "not a CSV file"),
    definition("a%2fstages.csv", "a\n", "no seed"),
    definition("s\nx.csv", "a\n", "no seed", names="no seed"),
    definition("\x1b[31m.csv", "a\n", "no seed", names="no seed"),
    definition("n" * 250 + ".csv", "a\n", "no seed", names="no seed"),
    definition("stages.add.add.csv", "a\n", "no seed"),
]


# Files that are no rows


def encoded(name: str, text: str, encoding: str, mark: bytes = b"") -> bytes:
    return mark + text.encode(encoding)


def many(header: str, row: str, count: int) -> str:
    return header + "\n" + "".join(row.format(n=n) + "\n" for n in range(count))


ROWS = [
    definition("stages.csv", "", "empty"),
    definition("stages.csv", codecs.BOM_UTF8, "empty", title="only a mark"),
    definition("stages.csv", "\n\n\n", "empty", title="only line breaks"),
    definition("stages.csv", "\0\0\0", "cannot be read|unknown column"),
    definition("stages.csv", "{}", "unknown column", title="JSON"),
    definition("stages.csv", "- stage: x\n  rank: 1\n", "unknown column", title="YAML"),
    definition("stages.csv", "<?xml version='1.0'?><a/>", "unknown column"),
    definition("stages.csv", b"PK\3\4" + b"\0" * 60, "cannot be read|unknown column"),
    definition("stages.csv", b"\xff\xfe\xff" * 50, "unknown column"),
    definition("stages.csv", b"\xff\xfe" + b"a", "encoding"),
    definition("stages.csv", "a,b\n1,2\n", "unknown column 'a'"),
    definition("stages.csv", "stage,stage\nx,y\n", "names the column stage twice"),
    definition("stages.csv", f"{STAGES},rank2\n", "unknown column 'rank2'"),
    definition("stages.csv", "rank\n1\n", "blank"),
    definition("stages.csv", '"' + STAGES + "\nx,1\n", "unknown column"),
    definition("stages.csv", STAGES + '\n"x,1,marker,X,X\n' * 3, ""),
    definition("stages.csv", STAGES + "\n" + "x," * 5_000 + "\n", "5001 values"),
    definition("stages.csv", ",".join(f"c{n}" for n in range(20_000)),
               "unknown column"),
    definition("stages.csv", "h" * 1_000_000 + "\n", "unknown column"),
    definition("stages.add.csv", many(STAGES, "s{n},x,y,,", 40_000), "problems"),
    definition(
        "holidays.add.csv", many(HOLIDAYS, "nobody{n},2026-13-45", 40_000), "problems"
    ),
    definition(
        "funnel_versions.add.csv",
        many(VERSIONS, "v{n}x,2026-01-01,v{n},explicit,", 20_000),
        "problems|rows",
    ),
    definition(
        "business_calendars.add.csv",
        many(CALENDARS, "c{n},Asia/Tokyo,1,09:00,17:00", 60_000),
        "rows",
    ),
    definition("channels.add.csv", many("source_value,channel", "c{n},x", 60_000),
               "rows"),
    definition("files.add.csv", many(FILES, "f{n}.csv,generic,lead,,", 60_000), "rows"),
    definition("report_lines.add.csv", many("part,begins_with",
               "total,w{n}", 5_000), None),
    definition(
        "stage_rules.add.csv",
        (RULES + "\nv1,generic,lead,status,equals,ｘ,sal\n").encode("utf-16"),
        None,
    ),
    definition(
        "stage_rules.add.csv",
        (RULES + "\nv1,generic,lead,status,equals,展示会,sal\n").encode("cp932"),
        None,
    ),
    definition(
        "stage_rules.add.csv",
        (RULES + "\nv1,generic,lead,status,equals,x,sal\n").replace("\n",
         "\r").encode(),
        None,
        title="only CR",
    ),
]  # fmt: skip


# Values that cannot be so


def sla(hours: str, days: str = "30") -> tuple[str, ...]:
    return ("sla_policies.csv", POLICIES, f"v1,default,,{hours},japan,{days},true")


def version(*values: str) -> tuple[str, ...]:
    return ("funnel_versions.add.csv", VERSIONS, *values)


VALUES = [
    *(
        rows_of(*sla(hours), said=said)
        for hours, said in {
            "0": "above 0", "-1": "above 0", "1e9": "weeks of the calendar",
            "NaN": "must be a number", "inf": "must be a number", "-0": "above 0",
            "1e999": "must be a number", "0x10": "must be a number",
            "９": "must be a number", "": "is blank", "9" * 400: "must be a number",
            "1 or 1=1": "must be a number", "18;drop": "must be a number",
        }.items()
    ),
    *(
        rows_of(*sla("18", days), said=said)
        for days, said in {
            "0": "above 0", "-5": "above 0", "1e9": "max_pending_days",
            "99999999999999999999": "a whole number", "1.5": "whole number|at most",
        }.items()
    ),
    rows_of(*version("a,2026-01-01,b,explicit,", "b,2026-02-01,a,explicit,"),
            said="based on itself"),
    rows_of(*version("a,2026-01-01,a,explicit,"), said="based on itself"),
    rows_of(*version(*(f"w{n},,{'w' + str(n - 1) if n else 'v1'},explicit,"
                       for n in range(40))), said="based on itself", line=None),
    *(
        rows_of(*version(f"v2,{day},v1,explicit,"), said="must be a day")
        for day in ("0000-00-00", "2026-02-30", "10000-01-01", "0", "now()",
                    "2026-01-01T25:00", "-1", "'; drop table x")
    ),
    rows_of(*version("v2,9999-12-31,v1,explicit,"), said=None),
    rows_of(*version("v2,0001-01-01,v1,explicit,"), said="must be a day|too early"),
    rows_of(*version("v2,2026-01-01,v1,explicit,", "v3,2026-01-01,v1,explicit,"),
            said="is in force from 2026-01-01, and so is", line=3),
    rows_of(*version("v1,2026-01-01,,explicit,"), said="same version"),
    rows_of("stage_rules.add.csv", RULES, "v1,generic,lead,status,equals,MQL,sal",
            "v1,generic,lead,status,equals,mql,none", said="contradict|none", line=3),
    rows_of("stage_rules.add.csv", RULES, "v1,generic,lead,status,matches,(a+)+$,sal",
            said="operator is"),
    rows_of("stage_rules.add.csv", RULES, "v1,generic,lead,score,crosses,NaN,mql",
            said="must be a number"),
    rows_of("stage_rules.add.csv", RULES, "v1,oracle,lead,status,equals,x,sal",
            said="system"),
    rows_of("stage_rules.add.csv", RULES, "v1,generic,lead,status,equals,x,nirvana",
            said="which stages does not name"),
    rows_of("stage_rules.csv", RULES, said="no row at all", line=None),
    rows_of("stages.csv", STAGES, said="stages does not name|no row at all", line=None),
    rows_of("stages.add.csv", STAGES, "x,1e999,marker,,", said="whole number"),
    rows_of("stage_transitions.add.csv", STEPS, "nowhere,sal,expected",
            said="which stages does not name"),
    rows_of("business_calendars.add.csv", CALENDARS, "x,../../etc/passwd,1,09:00,17:00",
            said="IANA time zone"),
    rows_of("business_calendars.add.csv", CALENDARS, "x,Asia/Tokyo,1,99:99,17:00",
            said="time of day"),
    rows_of("business_calendars.add.csv", CALENDARS, "x,Asia/Tokyo,1,09:00,09:00",
            said=None),
    *(
        rows_of("holidays.add.csv", HOLIDAYS, f"japan,{day}", said="a date such as")
        for day in ("0000-00-00", "99999-01-01", "infinity", "2026-02-30", "epoch",
                    "today")
    ),
    rows_of("fiscal_periods.csv", PERIODS, "p,0001-01-01,9999-12-31,2026,1,1",
            said="days"),
    rows_of("fiscal_periods.csv", PERIODS, "p,2026-02-01,2026-01-01,2026,1,1",
            said="end_date|before"),
    rows_of("fx_rates.add.csv", RATES, "2026-01-01,USD,0,JPY", said="above 0"),
    rows_of("fx_rates.add.csv", RATES, "2026-01-01,USD,-1,JPY", said="above 0"),
    rows_of("fx_rates.add.csv", RATES, "2026-01-01,USD,NaN,JPY",
            said="must be a number"),
    rows_of("fx_rates.add.csv", RATES, "2026-01-01,US$,1,JPY", said="three letters"),
    rows_of("fx_rates.add.csv", RATES, "2026-01-01,USD," + "9" * 40 + ",JPY",
            said="must be a number"),
    rows_of("kpi_targets.add.csv", TARGETS, "sal_rate,all,,2026-01-01,5",
            said="between 0 and 1"),
    rows_of("kpi_targets.add.csv", TARGETS, "x,all,,2026-01-01,0.5", said="metric is"),
    rows_of("quarantine_limits.add.csv", LIMITS, "generic,lead,any,2,1,x,",
            said="at most"),
    rows_of("attribution_models.add.csv", MODELS, "x,magic,,,,", said="method is"),
    rows_of("attribution_models.add.csv", MODELS, "x,time_decay,,,0,", said="above 0"),
    rows_of("files.add.csv", FILES, "../../../etc/passwd,generic,touch,,", said=None),
    rows_of("files.add.csv", FILES, "/etc/passwd,generic,touch,,", said=None),
    rows_of("files.add.csv", FILES, "*" * 1_900 + "x,generic,touch,,", said=None),
    rows_of("files.add.csv", FILES, "x.csv,generic,nothing,,",
            said="unknown table", line=None),
    rows_of("columns.add.csv", "system,table,heading,column", "generic,lead,x,nothing",
            said="column", line=None),
]  # fmt: skip


# Text in every field that takes any


def hostile_texts(text: str) -> Callable[[Place], None]:
    cell = '"' + text.replace('"', '""') + '"'
    stage = f"v1,generic,lead,status,equals,{cell},sal"
    files = {
        "stage_rules.add.csv": [RULES, stage],
        "channels.add.csv": ["source_value,channel", f"{cell},{cell}"],
        "report_lines.add.csv": ["part,begins_with", f"total,{cell}"],
        "files.add.csv": [FILES, f"{cell},generic,touch,{cell},{cell}"],
        "shared_mailboxes.add.csv": ["local_part", cell],
    }

    def put(at: Place) -> None:
        for name, lines in files.items():
            (at.definition / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    return put


TEXTS = [
    Attack(f"text: {name}", hostile_texts(text), None) for name, text in NASTY.items()
] + [
    rows_of("stages.add.csv", STAGES, f'"{text}",9,marker,x,x', said=".", line=None,
            title=f"a stage: {name}")
    for name, text in NASTY.items() if '"' not in text and "\n" not in text
]  # fmt: skip


# Vars and settings


def vars_file(text: str, said: str, title: str = "") -> Attack:
    return definition(
        "vars.yml", text, said, names="", title=title or text[:50], vars=""
    )


def given(said: str, **values: object) -> Attack:
    name = next(iter(values))
    return Attack(f"{name} {str(values[name])[:30]}", lambda at: None, said, name,
                  vars=values)  # fmt: skip


VARS = [
    vars_file("as_of: 2026-13-45\n", "not YAML|must be an instant"),
    vars_file("as_of: 0000-00-00\n", "not YAML|must be an instant"),
    vars_file("as_of: 9999-12-31T23:59:59-23:59\n", "must be an instant|not YAML"),
    vars_file("max_unpacked_mb: " + "9" * 6_000 + "\n", "not YAML|megabytes"),
    vars_file("max_unpacked_mb: 0x" + "f" * 6_000 + "\n", "megabytes|not YAML"),
    vars_file("max_unpacked_mb: .nan\n", "megabytes"),
    vars_file("max_unpacked_mb: 99:1:1:1:1\n", "megabytes"),
    vars_file("? [a, b]\n: 1\n", "not YAML|unknown name"),
    vars_file("? {a: b}\n: 1\n", "not YAML|unknown name"),
    vars_file("reporting_timezone: {2026-01-01: x}\n", "must be a time zone"),
    vars_file("reporting_timezone: !!binary aGk=\n", "must be a time zone"),
    vars_file("reporting_timezone: !!set {a, b}\n", "must be a time zone"),
    vars_file("source_timezones: {1: UTC}\n", "unknown system"),
    vars_file("source_timezones: {[a]: UTC}\n", "not YAML|unknown system"),
    vars_file("source_timezones: {null: UTC}\n", "unknown system"),
    vars_file("source_encodings: {generic: rot13}\n", "name of an encoding"),
    vars_file("source_encodings: {generic: zlib}\n", "name of an encoding"),
    vars_file("source_encodings: {generic: idna}\n", "name of an encoding|be read"),
    vars_file("source_encodings: {generic: undefined}\n", "name of an encoding"),
    vars_file('source_encodings: {generic: "a\\0b"}\n', "name of an encoding"),
    vars_file("a: 1\nb: 2\na: 3\n", "twice"),
    vars_file("".join(f"k{n}: 1\n" for n in range(60_000)), "larger than 64 KB"),
    vars_file("k" * 200_000 + ": 1\n", "larger than 64 KB"),
    vars_file("- a\n- b\n", "not a map"),
    vars_file("{{ env_var('HOME') }}: 1\n", "not YAML|unknown name"),
    vars_file("a: !!python/object/new:os.system [id]\n", "not YAML"),
    vars_file("%TAG ! tag:x,2000:\n---\na: !x 1\n", "not YAML"),
    vars_file("--- 1\n--- 2\n", "not YAML"),
    given("must be an instant", as_of="0000-00-00"),
    given("must be an instant", as_of=1e400),
    given("must be the name of a version", funnel_version="'; drop schema marts; --\n"),
    given("does not name", funnel_version="[/bold]\x1b[31mv9"),
    given("a time zone", reporting_timezone="../../../etc/passwd"),
    given("a time zone", reporting_timezone="x" * 100_000),
    given("three letters", reporting_currency="<b>"),
    given("number of a month", fiscal_year_start_month=True),
    given("number of a month", fiscal_year_start_month=1e300),
    given("number of days", attribution_window_days=-1),
    given("megabytes", max_unpacked_mb=1 << 60),
    given("the address of a record", record_urls={"generic": "javascript:{record_id}"}),
    given("map by system", record_urls=["generic"]),
    given("unknown system", source_timezones={"\x1b[31m": "UTC"}),
    given("unknown name", **{"keep_deletd": True}),
    Attack(
        "VARS: 6,000 digits", lambda at: None, "VARS", vars='{"a": ' + "9" * 6_000 + "}"
    ),
    Attack("VARS: half a character", lambda at: None, "VARS", vars='{"\\ud800": 1}'),
    Attack("VARS: a list", lambda at: None, "VARS", vars="[]"),
    Attack("VARS: not JSON", lambda at: None, "VARS", vars="reporting_timezone: x"),
    Attack("VARS: a NUL", lambda at: None, "VARS", vars="\0"),
    Attack("VARS: a name twice", lambda at: None, "twice", vars='{"a": 1, "a": 2}'),
]


# The environment


def setting(name: str, value: str, said: str | None) -> Attack:
    return Attack(
        f"{name}={value[:30]}",
        lambda at: None,
        said,
        "",
        environ={name: value},
    )


MEMORY, THREADS = "LEAD_FUNNEL_MEMORY_LIMIT", "LEAD_FUNNEL_THREADS"

SETTINGS = [
    *(
        setting(MEMORY, value, "must be an amount of memory")
        for value in (
            "lots", "-1GB", "1e9GB", "0GB", "NaN%", "0%", "900%", "2GB'; drop table x",
            "9" * 5_000 + "GB", "9" * 30 + "TB", "\x1b[31m2GB", "٢GB",
        )
    ),
    *(
        setting(THREADS, value, "must be a number of threads")
        for value in (
            "0", "-1", "1.5", "NaN", "99999999999", "9" * 5_000, "1; drop table x",
            "²", "100000",
        )
    ),
    *(
        setting("LEAD_FUNNEL_ENGINE", value, "must be one of")
        for value in ("oracle", "../spark", "\x1b[31m", "x" * 50_000)
    ),
    *(
        setting(f"LEAD_FUNNEL_{name}", value, said)
        for name in ("LANDING", "DEFINITION", "OUT")
        for value, said in {
            "~nobody-of-that-name/x": "can be no folder",
            "x" * 5_000: "can be no folder",
            "/dev/null": "which is a file|which is not a folder",
        }.items()
    ),
    setting("LEAD_FUNNEL_LANDING", "\x1b[31m/nowhere", "does not exist"),
    setting("LEAD_FUNNEL_DEFINITION", "\x1b[31m/nowhere", "which is not a folder"),
]  # fmt: skip
