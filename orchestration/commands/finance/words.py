"""The words of the workbook in the languages that it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.errors import LeadFunnelError, listed, meant

LANGUAGES = ("en", "ja")

WORDS: Mapping[str, tuple[str, str]] = {
    # Sheets
    "Summary": ("Summary", "集計"),
    "Tie-out": ("Tie-out", "突合"),
    "Spend": ("Spend", "費用明細"),
    "Shares": ("Shares", "費用配賦"),
    "Weights": ("Weights", "貢献度"),
    "Restatements": ("Restatements", "締め後の変更"),
    # What stands above them
    "summary_title": (
        "Spend to accepted leads in {period}, {currency}, as of {as_of}",
        "{period} 受入リードの費用（{currency}、{as_of} 時点）",
    ),
    "tie_out_title": ("Tie-out of {period}", "{period} の突合"),
    "restatements_title": (
        "What changed in {period} since it was closed",
        "{period} の締め後の変更",
    ),
    "models": ("Attribution model: {models}", "アトリビューションモデル：{models}"),
    "closed": (
        "CLOSED at {at} UTC by {by}{note}",
        "締め済み（{at} UTC、担当：{by}）{note}",
    ),
    "open": (
        "OPEN: its numbers may still change",
        "未締め：数値は変わる可能性があります",
    ),
    "reopened": (
        "OPEN: closed at {at} UTC by {by}, reopened at {reopened_at} UTC by "
        "{reopened_by}{note}",
        "未締め（{at} UTC に {by} が締め、{reopened_at} UTC に {reopened_by} が再開）"
        "{note}",
    ),
    "note": (": {note}", "：{note}"),
    "never_closed": (
        "The period was never closed: there is nothing that it could differ from.",
        "この期間は一度も締められていないため、比較する数値がありません。",
    ),
    "not_closed_now": (
        "The period is open again: what changes is told of closed periods only.",
        "この期間は再開されています。変更は締め済みの期間についてのみ表示されます。",
    ),
    "nothing_changed": (
        "Nothing has changed since the period was closed.",
        "締め後の変更はありません。",
    ),
    "change_by_lines": ("change of spend, by lines", "費用の差異（明細別）"),
    "change_by_campaigns": (
        "change of spend, by campaigns ({model})",
        "費用の差異（キャンペーン別、{model}）",
    ),
    "footer": ("Page &P of &N", "&P / &N ページ"),
    # Columns that no table has
    "amount_at_rate": ("amount at rate", "金額×レート"),
    "difference": ("difference", "差額"),
    "told": ("told by platforms and ledger", "媒体・台帳の金額"),
    "borne": ("borne in all rows", "配賦後の合計"),
    "spend_by_shares": ("spend by Shares", "費用（費用配賦シートより）"),
    "sals_by_weights": ("SALs by Weights", "SAL数（貢献度シートより）"),
    "cost_by_formula": ("cost per SAL by formula", "SAL単価（数式）"),
    "level": ("level", "区分"),
    "line": ("line", "明細"),
    "campaign": ("campaign", "キャンペーン"),
    "reported": ("reported", "締め時の値"),
    "now": ("now", "現在の値"),
    # Cells
    "total": ("Total", "合計"),
    "no_campaign": ("(no campaign)", "(キャンペーンなし)"),
    "no_account": ("(none)", "(なし)"),
    "ties_out": ("ties out", "一致"),
    "differs": ("DOES NOT TIE OUT", "不一致"),
    "kind_campaign": ("campaign", "直接費"),
    "kind_allocated": ("allocated", "配賦費"),
    "kind_unallocated": ("unallocated", "未配賦"),
    "cause_late_data": ("late data", "後着データ"),
    "cause_correction": ("correction", "訂正"),
    "cause_merge": ("merge", "名寄せ"),
    "cause_recycle": ("recycle", "再獲得"),
    "cause_erasure": ("erasure", "消去"),
    "cause_definition": ("definition", "定義変更"),
}


@dataclass(frozen=True)
class Words:
    """What things are called in one language."""

    language: str
    labels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Japanese terms of the published columns, by table and column."""

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise LeadFunnelError(
                f"There is no language {self.language!r}"
                f"{meant(self.language, LANGUAGES)}. There are {listed(LANGUAGES)}."
            )

    def __call__(self, key: str, **values: Any) -> str:
        text = WORDS[key][LANGUAGES.index(self.language)]
        return text.format(**values) if values else text

    def heading(self, table: str, column: str) -> str:
        """The column's own name, or its term where the file tells one."""
        label = self.labels.get((table, column)) if self.language == "ja" else None
        return label or column.replace("_", " ")

    def metric(self, column: str) -> str:
        """What a column of mart_spend_per_sal counts."""
        if self.language == "ja":
            return self.heading("mart_spend_per_sal", column)
        return metric_name(column)

    def of(self, group: str, value: str) -> str:
        """A value of a table as a word: `kind` of cost, or `cause`."""
        key = f"{group}_{value}"
        return self(key) if key in WORDS else value


def metric_name(column: str) -> str:
    return column.removesuffix("_reporting").replace("_", " ")
