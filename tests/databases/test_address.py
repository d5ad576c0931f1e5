"""What LEAD_FUNNEL_SOURCE_<SYSTEM> may say, and what is said where it is wrong."""

import builtins
import re
import sys

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.live import database
from orchestration.live.database.address import Address
from orchestration.live.database.folder import Folder
from orchestration.live.database.reading import SYNCED
from orchestration.live.database.tables import Database
from orchestration.live.source import crossed_out
from orchestration.project import ROOT

VARIABLE = "LEAD_FUNNEL_SOURCE_SALESFORCE"
MARK = "mark-of-a-secret"


def read(text, variable=VARIABLE):
    return list(database.sources({variable: text, "OTHER": "x"}))


def test_a_database_and_its_schemas():
    [source] = read(f" postgres://me:{MARK}@db:5433/bi?schema=a,b&sslmode=require ")
    assert isinstance(source, Database)
    assert (source.name, source.system) == ("salesforce_database", "salesforce")
    address = source.address
    assert address.schemas == ("a", "b")
    assert address.url == f"postgresql://me:{MARK}@db:5433/bi?sslmode=require"
    assert address.shown == "postgresql://db:5433/bi"
    assert {"lead", "lead_history", "user"} <= set(source.tables)


def test_a_driver_of_ones_own_is_kept():
    [source] = read("postgresql+psycopg://db/bi?schema=a")
    assert source.address.url == "postgresql+psycopg://db/bi"


def test_a_folder():
    [source] = read("s3://bucket/salesforce")
    assert isinstance(source, Folder)
    assert source.name == "salesforce_folder"


def test_nothing_is_no_source():
    assert read("  ") == read("") == []


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("LEAD_FUNNEL_SOURCE_SALESFORC", "s3://b", "did you mean 'LEAD_FUNNEL_SOURCE_"),
        (VARIABLE, f"/data/{MARK}", "is no address of a database or folder"),
        (VARIABLE, f"oracle://me:{MARK}@db/x", "is no address of a database"),
        (VARIABLE, f"postgresql://me:{MARK}/x@db/bi", "cannot be read as an address"),
    ],
)
def test_a_wrong_value_is_said_and_not_shown(variable, text, said):
    with pytest.raises(LeadFunnelError) as error:
        read(text, variable)
    assert said in str(error.value)
    assert MARK not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://me:{MARK}%40@db/bi",
        f"duckdb:///md:bi?motherduck_token={MARK}",
        f"snowflake://me:{MARK}@account/db/schema?warehouse=w",
        f"mssql+pyodbc://?odbc_connect=DRIVER%3D1%3BPWD%3D{MARK}",
    ],
)
def test_secrets_are_known_and_never_shown(text):
    [source] = read(text)
    assert MARK not in f"{source!r} {source.address!r} {source.address.shown}"
    assert any(MARK in secret for secret in source.secrets)
    assert MARK not in crossed_out(f"could not connect: {text}", source.secrets)


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("snowflake://me:x@account/db", "snowflake-sqlalchemy"),
        ("bigquery://project/dataset", "sqlalchemy-bigquery"),
        ("redshift://me:x@cluster/db", "sqlalchemy-redshift"),
        ("sqlserver://me:x@host/db?driver=x", "pyodbc"),
        ("postgresql+psycopg://me:x@host/db", "psycopg"),
    ],
)
def test_a_missing_driver_is_said_with_what_to_install(text, package):
    [source] = read(text)
    with pytest.raises(LeadFunnelError) as error:
        list(source.check())
    assert f"-m pip install {package} and" in str(error.value)


def test_a_missing_package_of_a_bucket_is_said(monkeypatch):
    real = builtins.__import__

    def missing(name, *more, **others):
        if name.startswith("s3fs"):
            raise ImportError(name)
        return real(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.delitem(sys.modules, "s3fs", raising=False)
    [source] = read("s3://bucket/salesforce")
    with pytest.raises(LeadFunnelError, match="pip install s3fs and begin"):
        list(source.check())


def test_the_columns_of_loaders_are_those_that_staging_knows():
    text = (ROOT / "macros" / "stage.sql").read_text("utf-8")
    [synced] = re.findall(r"'synced': \[(.*?)\]", text, re.S)
    known = re.findall(r"'(\w+)'", synced)
    assert [*known[: len(SYNCED) - 1], "_dlt_load_id"] == list(SYNCED)
    assert known[len(SYNCED) - 1 :] == ["_extracted_at"]


def test_a_name_is_an_address_of_one_system():
    address = Address.read(VARIABLE, "duckdb:////a/b.duckdb", ["salesforce"])
    assert (address.shown, address.schemas) == ("duckdb:////a/b.duckdb", ())
