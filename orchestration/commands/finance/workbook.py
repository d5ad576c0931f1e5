"""The workbook that finance audits: every line, every weight, and formulas that
work the sums out once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.commands.finance import restated
from orchestration.commands.finance.layout import Column, Layout
from orchestration.commands.finance.published import (
    campaign_names,
    known_model,
    known_period,
    labels,
    opened,
    rows,
)
from orchestration.commands.finance.words import Words
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications

MOST_ROWS = 1_048_575 - 10
"""What a sheet holds below its head and the lines above it."""

SPEND = """
select
    spend_id, spend_date, source, source_key, platform, account, campaign_id,
    campaign_match, vendor, memo, currency, amount, rate, amount_reporting
from marts.fct_spend
where fiscal_period_id = ?
order by spend_date, source, source_key, spend_id
"""

SHARES = """
select
    source, account, currency, campaign_id, cost_kind, rule, attribution_model,
    amount, amount_reporting
from marts.fct_spend_shares
where fiscal_period_id = ? and list_contains(?, attribution_model)
order by
    attribution_model, cost_kind, campaign_id nulls first, source,
    account nulls first, currency
"""

WEIGHTS = """
select
    lifecycle_id, person_id, accepted_at, origin, attribution_model, campaign_id,
    touched_at, weight
from marts.fct_attributed_acceptances
where fiscal_period_id = ? and list_contains(?, attribution_model)
order by attribution_model, accepted_at, lifecycle_id, touched_at, campaign_id
"""

SUMMARY = """
select
    attribution_model, campaign_id, campaign_name, cost_kind, spend_reporting,
    attributed_sals, cost_per_sal_reporting, attributed_inquiries, attributed_mqls,
    attributed_handoffs, attributed_sqls, attributed_opportunities,
    attributed_customers, attributed_won_amount_reporting
from marts.mart_spend_per_sal
where fiscal_period_id = ? and list_contains(?, attribution_model)
order by attribution_model, cost_kind desc, campaign_id nulls first
"""

TIE_OUT = """
select distinct source, currency, attribution_model
from marts.fct_spend_shares
where fiscal_period_id = ? and list_contains(?, attribution_model)
order by 3, 1, 2
"""

TABLES = {
    "Spend": "fct_spend",
    "Shares": "fct_spend_shares",
    "Weights": "fct_attributed_acceptances",
    "Summary": "mart_spend_per_sal",
    "Restatements": "mart_restatement",
}
"""Where the columns of a sheet are described."""

HEAD = 3
"""The row of the headings on a sheet with a title."""


def write(
    project: Project,
    period: str,
    to: Path | None = None,
    *,
    model: str = "linear",
    language: str = "en",
    cached: bool = True,
) -> Path:
    """Write the workbook of a period; the path of the file.

    Formulas carry the results that they will have, worked out of the rows that
    are written, for programs that show a workbook without working it out;
    without `cached` they carry none.
    """
    import xlsxwriter

    with opened(project) as connection:
        described = known_period(connection, period)
        models = known_model(connection, model, or_all=True)
        words = Words(language, labels(connection))
        data = _read(connection, period, models)
        names = campaign_names(connection)
        closed = restated.last_close(project, connection, period)
    for name, found in data.items():
        if len(found) > MOST_ROWS:
            raise LeadFunnelError(
                f"{name} has {len(found):,} rows, and a sheet holds {MOST_ROWS:,}: "
                "read the Parquet files of OUT/published instead."
            )
    path = (to or project.out / f"spend-{period}.xlsx").expanduser().resolve()
    done = publications.published(project)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book = xlsxwriter.Workbook(str(path), {"remove_timezone": True})
        layout = Layout(book, _footer(described, words), cached=cached)
        _Book(layout, words, data, names, models, described, closed, done).fill()
        book.close()
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise LeadFunnelError(
            f"{path} cannot be written ({error}): close the workbook where it is "
            "open, or name another file with --to."
        ) from error
    return path


def _read(
    connection: duckdb.DuckDBPyConnection, period: str, models: list[str]
) -> dict[str, list[dict[str, Any]]]:
    return {
        "Spend": rows(connection, SPEND, period),
        "Shares": rows(connection, SHARES, period, models),
        "Weights": rows(connection, WEIGHTS, period, models),
        "Summary": rows(connection, SUMMARY, period, models),
        "Tie-out": rows(connection, TIE_OUT, period, models),
        "Lines": restated.lines(connection, period),
        "Restatements": restated.numbers(connection, period, models),
    }


def _footer(period: dict[str, Any], words: Words) -> str:
    # A single & begins one of the codes that the page's number is.
    return f"&L{_title_of(period).replace('&', '&&')}&R{words('footer')}"


def _title_of(period: dict[str, Any]) -> str:
    """The period by its key, and by its name where that is another."""
    key, name = period["fiscal_period_id"], period["name"]
    return key if key == name else f"{key} ({name})"


class _Book:
    def __init__(
        self,
        layout: Layout,
        words: Words,
        data: dict[str, list[dict[str, Any]]],
        names: dict[str, str],
        models: list[str],
        period: dict[str, Any],
        closed: dict[str, Any] | None,
        done: publications.Publication | None,
    ) -> None:
        self.layout, self.words, self.models = layout, words, models
        self.period, self.closed, self.done = period, closed, done
        self.currency = (done.vars if done else {}).get("reporting_currency", "JPY")
        self.data = {
            sheet: [self._worded(row, names) for row in found]
            for sheet, found in data.items()
        }

    def _worded(self, row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
        """The row as it is shown: with the campaign's name, and words for nothing."""
        worded = dict(row)
        if "campaign_id" in row:
            worded["campaign_name"] = names.get(row["campaign_id"])
            if row["campaign_id"] is None:
                worded["campaign_id"] = self.words("no_campaign")
        if "account" in row and row["account"] is None:
            worded["account"] = self.words("no_account")
        for column, group in (("cost_kind", "kind"), ("cause", "cause")):
            if column in row:
                worded[column] = self.words.of(group, row[column])
        return worded

    def fill(self) -> None:
        # Summary and tie-out are read first, so they stand first.
        sheets = {
            name: self.layout.sheet(self.words(name))
            for name in (
                "Summary", "Tie-out", "Spend", "Shares", "Weights", "Restatements",
            )
        }  # fmt: skip
        self._spend(sheets["Spend"])
        self.layout.table(sheets["Shares"], self._plain("Shares"))
        self.layout.table(sheets["Weights"], self._plain("Weights"))
        self._tie_out(sheets["Tie-out"])
        self._summary(sheets["Summary"])
        self._restatements(sheets["Restatements"])

    # Sheets

    def _spend(self, sheet: Any) -> None:
        """Every line, converted once more from its amount and its rate."""
        amount, rate, told = (
            self._letter("Spend", name)
            for name in ("amount", "rate", "amount_reporting")
        )
        again = _letters(len(COLUMNS["Spend"]))
        found = self.data["Spend"]
        converted = [
            _rounded(_number(row["amount"]) * _number(row["rate"]), 2) for row in found
        ]
        differences = [
            _rounded(_number(row["amount_reporting"]) - result, 2)
            for row, result in zip(found, converted, strict=True)
        ]
        places = range(2, len(found) + 2)
        self.layout.table(
            sheet,
            [
                *self._plain("Spend"),
                Column(
                    self.words("amount_at_rate"), converted, "amount", self.currency,
                    [f"=ROUND({amount}{at}*{rate}{at},2)" for at in places],
                ),
                Column(
                    self.words("difference"), differences, "amount", self.currency,
                    [f"=ROUND({told}{at}-{again}{at},2)" for at in places],
                ),
            ],
        )  # fmt: skip

    def _tie_out(self, sheet: Any) -> None:
        """Platforms and ledger against what is borne, by formulas alone."""
        self.layout.title(
            sheet, 0, self.words("tie_out_title", period=_title_of(self.period))
        )
        found = self.data["Tie-out"]
        told_by = self._sums("Spend", "amount", ("source", "currency"))
        borne_by = self._sums(
            "Shares", "amount", ("source", "currency", "attribution_model")
        )
        told, borne = [], []
        formulas: tuple[list[str], ...] = ([], [], [])
        for at, row in enumerate(found, start=HEAD + 2):
            of = row["source"], row["currency"], row["attribution_model"]
            told.append(_rounded(told_by(*of[:2]), 2))
            borne.append(_rounded(borne_by(*of), 2))
            source_and_currency = (("source", f"A{at}"), ("currency", f"B{at}"))
            formulas[0].append(
                f"=ROUND({self._sumifs('Spend', 'amount', *source_and_currency)},2)"
            )
            borne_here = self._sumifs(
                "Shares", "amount", *source_and_currency,
                ("attribution_model", f"C{at}"),
            )  # fmt: skip
            formulas[1].append(f"=ROUND({borne_here},2)")
            formulas[2].append(f"=ROUND(D{at}-E{at},2)")
        differences = [one - other for one, other in zip(told, borne, strict=True)]
        currencies = [row["currency"] for row in found]
        if found:
            yes, no = self.words("ties_out"), self.words("differs")
            area = f"F{HEAD + 2}:F{HEAD + 1 + len(found)}"
            self.layout.number(
                sheet, 1, 0, f'=IF(SUMPRODUCT(ABS({area}))=0,"{yes}","{no}")',
                no if any(differences) else yes, bold=True,
            )  # fmt: skip
        self.layout.table(
            sheet,
            [
                *(
                    Column(
                        self.words.heading("fct_spend_shares", name),
                        [row[name] for row in found],
                    )
                    for name in ("source", "currency", "attribution_model")
                ),
                *(
                    Column(self.words(key), values, "amount", currencies, formula)
                    for key, values, formula in zip(
                        ("told", "borne", "difference"),
                        (told, borne, differences), formulas, strict=True,
                    )
                ),
            ],
            head=HEAD,
        )  # fmt: skip

    def _summary(self, sheet: Any) -> None:
        """Each row of mart_spend_per_sal beside what the other sheets make of it."""
        self.layout.title(
            sheet, 0,
            self.words(
                "summary_title", period=_title_of(self.period),
                currency=self.currency, as_of=self.done.as_of if self.done else "",
            ),
        )  # fmt: skip
        self._mark(sheet, 1)
        models = ", ".join(self.models)
        self.layout.text(sheet, 2, 0, self.words("models", models=models))
        found = self.data["Summary"]
        first = HEAD + 2
        campaign, model, kind, sals = (
            self._letter("Summary", name)
            for name in (
                "campaign_id", "attribution_model", "cost_kind", "attributed_sals",
            )
        )  # fmt: skip
        count = len(COLUMNS["Summary"])
        by_shares, by_weights = _letters(count), _letters(count + 1)
        spend_by = self._sums(
            "Shares", "amount_reporting",
            ("campaign_id", "attribution_model", "cost_kind"),
        )  # fmt: skip
        weight_by = self._sums(
            "Weights", "weight", ("campaign_id", "attribution_model")
        )
        own = self.words("kind_campaign")
        spent: list[Decimal] = []
        weighed: list[Decimal] = []
        costs: list[Decimal | str] = []
        formulas: tuple[list[str], ...] = ([], [], [])
        for at, row in enumerate(found, start=first):
            of = row["campaign_id"], row["attribution_model"]
            key = (
                ("campaign_id", f"{campaign}{at}"),
                ("attribution_model", f"{model}{at}"),
            )
            spent.append(_rounded(spend_by(*of, row["cost_kind"]), 2))
            spent_here = self._sumifs(
                "Shares", "amount_reporting", *key, ("cost_kind", f"{kind}{at}")
            )
            formulas[0].append(f"=ROUND({spent_here},2)")
            is_own = row["cost_kind"] == own
            weighed.append(_rounded(weight_by(*of), 9) if is_own else Decimal(0))
            formulas[1].append(
                f'=IF({kind}{at}<>"{own}",0,'
                f"ROUND({self._sumifs('Weights', 'weight', *key)},9))"
            )
            costs.append(
                _cost(spent[-1], _number(row["attributed_sals"])) if weighed[-1] else ""
            )
            formulas[2].append(_cost_formula(by_shares, sals, at, by_weights))
        columns = [
            *self._plain("Summary"),
            Column(
                self.words("spend_by_shares"), spent, "amount", self.currency,
                formulas[0],
            ),
            Column(self.words("sals_by_weights"), weighed, "count", "", formulas[1]),
            Column(
                self.words("cost_by_formula"), costs, "amount", self.currency,
                formulas[2],
            ),
        ]  # fmt: skip
        for name in self.models:
            numbers = [
                number
                for number, row in enumerate(found)
                if row["attribution_model"] == name
            ]
            if numbers:
                at = first + len(columns[0].values)
                columns = self._with_totals(
                    columns, at, numbers, f"{{0}}{first + numbers[0]}:"
                    f"{{0}}{first + numbers[-1]}",
                )  # fmt: skip
        self.layout.table(
            sheet, columns, head=HEAD, totals=len(columns[0].values) - len(found),
            frozen=2,
        )  # fmt: skip

    def _with_totals(
        self, columns: list[Column], at: int, numbers: list[int], area: str
    ) -> list[Column]:
        """The columns of the summary with one model's totals, in row `at`, below.

        Amounts and counts are summed; a cost per SAL is that of the sums."""
        names = [*COLUMNS["Summary"], "by_shares", "by_weights", "cost"]
        letters = {name: _letters(place) for place, name in enumerate(names)}
        sums = {
            name: sum(
                (_number(column.values[number]) for number in numbers), Decimal(0)
            )
            for name, column in zip(names, columns, strict=True)
            if column.kind in ("amount", "count") and not name.startswith("cost")
        }
        model = self.data["Summary"][numbers[0]]["attribution_model"]
        # Each row's weights are rounded: their sum would not be whole.
        weighed = self._sums("Weights", "weight", ("attribution_model",))(model)
        sums["by_weights"] = _rounded(weighed, 9)
        all_weights = self._sumifs(
            "Weights",
            "weight",
            ("attribution_model", f"{letters['attribution_model']}{at}"),
        )
        shown: dict[str, Any] = {
            "attribution_model": model,
            "campaign_id": self.words("total"),
            **sums,
            "cost_per_sal_reporting": _cost(
                sums["spend_reporting"], sums["attributed_sals"]
            ),
            "cost": _cost(sums["by_shares"], sums["attributed_sals"])
            if sums["by_weights"]
            else "",
        }
        sals = letters["attributed_sals"]
        formulas = {
            **{name: f"=SUM({area.format(letters[name])})" for name in sums},
            "by_weights": f"=ROUND({all_weights},9)",
            "cost_per_sal_reporting": _cost_formula(
                letters["spend_reporting"], sals, at
            ),
            "cost": _cost_formula(
                letters["by_shares"], sals, at, letters["by_weights"]
            ),
        }
        return [
            _extended(column, shown.get(name), formulas.get(name))
            for name, column in zip(names, columns, strict=True)
        ]

    def _restatements(self, sheet: Any) -> None:
        """What changed since the close: lines first, then the campaigns' numbers."""
        title = self.words("restatements_title", period=_title_of(self.period))
        self.layout.title(sheet, 0, title)
        lines, numbers = self.data["Lines"], self.data["Restatements"]
        if not lines and not numbers:
            key = "never_closed"
            if self.closed:
                is_closed = self.closed["is_in_force"]
                key = "nothing_changed" if is_closed else "not_closed_now"
            self.layout.text(sheet, 1, 0, self.words(key))
            return
        self._mark(sheet, 1)
        spend = self.words.metric("spend_reporting")
        both = [
            *(
                {
                    **line,
                    "level": self.words("line"),
                    "line": line["source_key"],
                    "metric": spend,
                    "kind": "amount",
                }
                for line in lines
            ),
            *(
                {
                    **row,
                    "level": self.words("campaign"),
                    "metric": self.words.metric(row["metric"]),
                    "kind": (
                        "amount" if row["metric"].endswith("_reporting") else "count"
                    ),
                }
                for row in numbers
            ),
        ]
        kinds = [row["kind"] for row in both]
        head = HEAD + 1
        names = [
            "level", "line", "account", "campaign_id", "campaign_name", "cost_kind",
            "attribution_model", "metric", "reported_value", "current_value", "change",
            "cause", "items", "example",
        ]  # fmt: skip
        letter = {name: _letters(place) for place, name in enumerate(names)}
        of_words = {
            "level": "level",
            "line": "line",
            "reported_value": "reported",
            "current_value": "now",
        }
        special: dict[str, Any] = {
            "reported_value": kinds,
            "current_value": kinds,
            "change": kinds,
            "items": "items",
        }
        self.layout.table(
            sheet,
            [
                Column(
                    self.words(of_words[name])
                    if name in of_words
                    else self._heading_of_change(name),
                    [row.get(name) for row in both],
                    special.get(name, "text"),
                    self.currency,
                )
                for name in names
            ],
            head=head,
        )
        self._changes(sheet, both, letter, head)

    def _changes(
        self, sheet: Any, both: list[dict[str, Any]], letter: dict[str, str], head: int
    ) -> None:
        """The change of spend by lines, and by campaigns: the two are equal."""
        model = self.models[0]
        spend = self.words.metric("spend_reporting")
        told = (
            ("change_by_lines", "line", ""),
            ("change_by_campaigns", "campaign", model),
        )

        def area(name: str) -> str:
            return f"${letter[name]}${head + 2}:${letter[name]}${head + 1 + len(both)}"

        for number, (key, level, of_model) in enumerate(told, start=2):
            self.layout.text(sheet, number, 0, self.words(key, model=model))
            result = sum(
                (
                    row["change"]
                    for row in both
                    if row["level"] == self.words(level)
                    and row["metric"] == spend
                    and row.get("attribution_model", "") == of_model
                ),
                Decimal(0),
            )
            criteria = f'{area("level")},"{self.words(level)}",' + (
                f'{area("metric")},"{_quoted(spend)}"'
            )
            if of_model:
                criteria += f',{area("attribution_model")},"{_quoted(of_model)}"'
            self.layout.number(
                sheet, number, list(letter).index("change"),
                f"=ROUND(SUMIFS({area('change')},{criteria}),2)", result,
                num_format="#,##0.00", bold=True,
            )  # fmt: skip

    def _heading_of_change(self, name: str) -> str:
        """The heading of what a line or a campaign's number has."""
        of_line = name in ("account",)
        of_summary = name == "campaign_name"
        table = TABLES["Spend" if of_line else "Summary" if of_summary else
                       "Restatements"]  # fmt: skip
        return self.words.heading(table, name)

    def _mark(self, sheet: Any, row: int) -> None:
        """Whether the period is closed: when, by whom, and why."""
        closed = self.closed
        if closed is None:
            text, color = self.words("open"), "#9C5700"
        else:
            is_closed = closed["is_in_force"]
            note = self.words("note", note=closed["note"]) if closed["note"] else ""
            text = self.words(
                "closed" if is_closed else "reopened",
                at=_minute(closed["closed_at"]),
                by=closed["closed_by"],
                reopened_at=_minute(closed["reopened_at"]),
                reopened_by=closed["reopened_by"],
                note=note,
            )
            color = "#006100" if is_closed else "#9C5700"
        self.layout.title(sheet, row, text, font_color=color)

    # Columns

    def _plain(self, sheet: str) -> list[Column]:
        """The columns of a table as they are."""
        return [self._column(sheet, name) for name in COLUMNS[sheet]]

    def _column(self, sheet: str, name: str) -> Column:
        found = self.data[sheet]
        table = "mart_spend_per_sal" if name == "campaign_name" else TABLES[sheet]
        currency: str | list[str] = self.currency
        if name == "amount":
            currency = [row["currency"] for row in found]
        return Column(
            self.words.heading(table, name),
            [row[name] for row in found],
            _kind(name),
            currency,
        )

    def _sums(
        self, sheet: str, column: str, keys: Sequence[str]
    ) -> Callable[..., Decimal]:
        """What SUMIFS gives of a column, by the values of the key columns."""
        sums: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for row in self.data[sheet]:
            sums[tuple(row[key] for key in keys)] += _number(row[column])
        return lambda *key: sums.get(key, Decimal(0))

    def _sumifs(self, sheet: str, column: str, *criteria: tuple[str, str]) -> str:
        """The sum of a column where columns are what cells here are."""
        # With "=" before it no value is taken for a comparison of its own.
        told = ",".join(
            f'{self._range(sheet, name)},"="&{cell}' for name, cell in criteria
        )
        return f"SUMIFS({self._range(sheet, column)},{told})"

    def _range(self, sheet: str, column: str) -> str:
        letter = self._letter(sheet, column)
        last = max(2, len(self.data[sheet]) + 1)
        return f"'{self.words(sheet)}'!${letter}$2:${letter}${last}"

    def _letter(self, sheet: str, column: str) -> str:
        return _letters(COLUMNS[sheet].index(column))


def _kind(name: str) -> str:
    """What a column holds, by its name."""
    if name.endswith("_date"):
        return "day"
    if name.endswith("_at"):
        return "instant"
    if name == "amount" or name.endswith("_reporting"):
        return "amount"
    if name in ("rate", "weight"):
        return "digits"
    return "count" if name.startswith("attributed_") else "text"


def _extended(column: Column, value: Any, formula: str | None) -> Column:
    formulas = [
        *(column.formulas or [None] * len(column.values)),
        formula,
    ]
    return Column(
        column.heading, [*column.values, value], column.kind, column.currency, formulas
    )


def _cost(spend: Decimal, sals: Decimal) -> Decimal | str:
    return _rounded(spend / sals, 2) if sals else ""


def _cost_formula(spend: str, sals: str, at: int, *also: str) -> str:
    """Of row `at`; empty where nobody was accepted, or one of `also` is 0."""
    nothing = ",".join(f"{letter}{at}=0" for letter in (sals, *also))
    if also:
        nothing = f"OR({nothing})"
    return f'=IF({nothing},"",ROUND({spend}{at}/{sals}{at},2))'


def _minute(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _quoted(text: str) -> str:
    return text.replace('"', '""')


def _number(value: Decimal | None) -> Decimal:
    """A blank cell counts as 0."""
    return Decimal(0) if value is None else value


def _rounded(value: Decimal, places: int) -> Decimal:
    """As ROUND does: a half goes away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _letters(place: int) -> str:
    """0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


COLUMNS = {
    "Spend": [
        "spend_id", "spend_date", "source", "source_key", "platform", "account",
        "campaign_id", "campaign_name", "campaign_match", "vendor", "memo", "currency",
        "amount", "rate", "amount_reporting",
    ],
    "Shares": [
        "source", "account", "currency", "campaign_id", "campaign_name", "cost_kind",
        "rule", "attribution_model", "amount", "amount_reporting",
    ],
    "Weights": [
        "lifecycle_id", "person_id", "accepted_at", "origin", "attribution_model",
        "campaign_id", "campaign_name", "touched_at", "weight",
    ],
    "Summary": [
        "attribution_model", "campaign_id", "campaign_name", "cost_kind",
        "spend_reporting", "attributed_sals", "cost_per_sal_reporting",
        "attributed_inquiries", "attributed_mqls", "attributed_handoffs",
        "attributed_sqls", "attributed_opportunities", "attributed_customers",
        "attributed_won_amount_reporting",
    ],
}  # fmt: skip
