"""The sample company: its people, campaigns, wordings and customers.

A fictional Japanese B2B SaaS vendor. No name here belongs to anyone; e-mail
domains end in the reserved example.co.jp, example.jp and example.com, and
telephone numbers use an exchange that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sample.clock import utc
from sample.dice import Dice, Weights
from sample.ids import salesforce_id

START = utc("2025-04-01 00:00")
END = utc("2026-10-01 00:00")
SLA_CHANGE = utc("2026-04-01 00:00")
FASTER_FROM = utc("2026-05-01 00:00")


# --- who works there ---------------------------------------------------------


@dataclass(frozen=True)
class Role:
    name: str
    team: str | None
    id: str


@dataclass(frozen=True)
class User:
    name: str
    role: Role
    id: str
    is_active: bool = True


ROLE_NAMES = [
    ("ADR", "ADR"),
    ("東日本インサイドセールス", "Inside Sales East"),
    ("西日本インサイドセールス", "Inside Sales West"),
    ("エンタープライズ営業", "Enterprise Sales"),
    ("マーケティング", None),
    ("システム連携", None),
]
ROLES = {
    team or name: Role(name, team, salesforce_id("00E", 7_100 + number))
    for number, (name, team) in enumerate(ROLE_NAMES)
}
USER_NAMES = {
    "ADR": [
        "青木 美咲",
        "石田 蓮",
        "上野 結衣",
        "江口 湊",
        "Emma Clarke",
        "大塚 葵",
    ],
    "Inside Sales East": [
        "加納 大和",
        "北川 陽菜",
        "久保 樹",
        "小泉 さくら",
        "Oliver Hughes",
        "佐野 悠真",
    ],
    "Inside Sales West": [
        "島田 凛",
        "須藤 颯太",
        "関口 芽依",
        "園田 翔",
        "高木 莉子",
    ],
    "Enterprise Sales": ["千葉 誠", "辻 恵子", "寺田 剛", "Sofia Martin"],
    "マーケティング": ["中西 遥", "西尾 拓海", "根岸 琴音", "野口 仁"],
    "システム連携": ["Marketo 連携"],
}


def make_users() -> dict[str, list[User]]:
    users: dict[str, list[User]] = {}
    number = 52_000
    for team, names in USER_NAMES.items():
        users[team] = []
        for name in names:
            number += 3
            user_id = salesforce_id("005", number)
            # Two have left; their leads and history stay.
            active = name not in ("江口 湊", "園田 翔")
            users[team].append(User(name, ROLES[team], user_id, active))
    return users


USERS = make_users()
MARKETERS = USERS["マーケティング"]
INTEGRATION = USERS["システム連携"][0]
QUEUE = User("未割当キュー", ROLES["マーケティング"], salesforce_id("00G", 310))
SALES_TEAMS = ["ADR", "Inside Sales East", "Inside Sales West", "Enterprise Sales"]


# --- where leads come from ---------------------------------------------------


@dataclass(frozen=True)
class Campaign:
    """A Salesforce campaign or a Marketo program leads come through."""

    key: str
    name: str
    kind: str  # salesforce | marketo | none
    channel: str
    starts: int
    ends: int
    share: float  # of inbound leads
    mql_rate: float
    direct_rate: float = 0.0  # handed over without an MQL
    accept_rate: float = 0.5
    sf_type: str = ""
    platform: str = ""  # of its advertisements
    currency: str = "JPY"
    daily_spend: float = 0.0
    cost: int = 0  # booked once in the ledger
    id: str = field(default="")


#: channel → (spelling of the lead source, share). Same text after NFKC, trim
#: and lower-casing is one spelling; the others are rows of seeds/channels.csv.
SOURCE_WORDINGS: dict[str, Weights[str]] = {
    "website": Weights(
        [
            (0.86, "Webサイト"),
            (0.05, "Ｗｅｂサイト"),
            (0.04, "webサイト "),
            (0.05, "コーポレートサイト"),
        ]
    ),
    "paid_search": Weights(
        [
            (0.85, "Google広告"),
            (0.08, "Google Ads"),
            (0.04, "Ｇｏｏｇｌｅ広告"),
            (0.03, "google広告"),
        ]
    ),
    "paid_social": Weights(
        [(0.84, "LinkedIn Ads"), (0.10, "LinkedIn広告"), (0.06, "linkedin ads")]
    ),
    "webinar": Weights(
        [(0.86, "ウェビナー"), (0.06, "ｳｪﾋﾞﾅｰ"), (0.08, "オンラインセミナー")]
    ),
    "trade_show": Weights(
        [(0.90, "展示会"), (0.05, "展示会　"), (0.05, "展示会・イベント")]
    ),
    "referral": Weights([(0.75, "紹介"), (0.25, "パートナー紹介")]),
    "outbound": Weights([(0.8, "ADRアウトバウンド"), (0.2, "テレアポ")]),
    "sales": Weights([(1.0, "営業開拓")]),
}

REFUSED_CAMPAIGN = "linkedin_ai_whitepaper"
IMPORT_CAMPAIGN = "cloud_expo_2025_06"


def make_campaigns() -> list[Campaign]:
    rows: list[Campaign] = [
        Campaign("website", "", "none", "website", START, END, 0.23, 0.50, 0.03, 0.62),
        Campaign(
            "google_brand",
            "Google広告_指名",
            "salesforce",
            "paid_search",
            START,
            END,
            0.06,
            0.58,
            0.02,
            0.60,
            "検索広告",
            "google_ads",
            "JPY",
            9_000,
        ),
        Campaign(
            "google_generic",
            "Google広告_一般キーワード",
            "salesforce",
            "paid_search",
            START,
            END,
            0.11,
            0.42,
            0.0,
            0.48,
            "検索広告",
            "google_ads",
            "JPY",
            52_000,
        ),
        Campaign(
            "linkedin_demo",
            "LinkedIn_デモ申込",
            "salesforce",
            "paid_social",
            START,
            END,
            0.05,
            0.38,
            0.02,
            0.47,
            "ソーシャル広告",
            "linkedin_ads",
            "JPY",
            24_000,
        ),
        Campaign(
            "linkedin_global",
            "LinkedIn_Global_APAC",
            "salesforce",
            "paid_social",
            utc("2025-07-01 00:00"),
            END,
            0.03,
            0.35,
            0.0,
            0.42,
            "ソーシャル広告",
            "linkedin_ads",
            "USD",
            118,
        ),
        # Planted: many MQLs, and sales refuses them.
        Campaign(
            REFUSED_CAMPAIGN,
            "LinkedIn_AI活用ホワイトペーパー",
            "salesforce",
            "paid_social",
            utc("2025-11-04 00:00"),
            utc("2026-03-01 00:00"),
            0.065,
            0.86,
            0.0,
            0.13,
            "ソーシャル広告",
            "linkedin_ads",
            "JPY",
            41_000,
        ),
        Campaign(
            "partner_referral",
            "パートナー紹介プログラム",
            "salesforce",
            "referral",
            START,
            END,
            0.06,
            0.66,
            0.10,
            0.72,
            "紹介",
            cost=2_400_000,
        ),
    ]
    shows = [
        ("cloud_expo_2025_04", "クラウド業務改革展 2025 春", "2025-04-23", 0.028),
        (IMPORT_CAMPAIGN, "クラウド業務改革展 2025 大阪", "2025-06-18", 0.022),
        ("dx_week_2025_10", "DX推進ウィーク 2025 秋", "2025-10-22", 0.034),
        ("cloud_expo_2026_04", "クラウド業務改革展 2026 春", "2026-04-22", 0.032),
        ("cloud_expo_2026_06", "クラウド業務改革展 2026 大阪", "2026-06-17", 0.022),
        ("dx_week_2026_09", "DX推進ウィーク 2026 秋", "2026-09-09", 0.030),
    ]
    for key, name, day, share in shows:
        opens = utc(f"{day} 10:00")
        rows.append(
            Campaign(
                key,
                name,
                "salesforce",
                "trade_show",
                opens,
                opens + 3 * 86_400 - 61_200,
                share,
                0.28,
                0.22,
                0.42,
                "展示会",
                cost=int(160_000_000 * share),
            )
        )
    topics = [
        "請求書業務の自動化",
        "インボイス制度の実務",
        "経費精算の見直し方",
        "AIで変わる経理",
        "内部統制とSaaS",
        "導入事例：製造業",
    ]
    for month in range(18):
        year, number = 2025 + (month + 3) // 12, (month + 3) % 12 + 1
        opens = utc(f"{year}-{number:02d}-05 09:00")
        topic = topics[month % len(topics)]
        rows.append(
            Campaign(
                f"webinar_{year}_{number:02d}",
                f"ウェビナー {year}-{number:02d} {topic}",
                "marketo",
                "webinar",
                opens,
                opens + 16 * 86_400,
                0.0118,
                0.40,
                0.0,
                0.52,
                cost=180_000,
            )
        )
    rows.append(
        Campaign(
            "ebook",
            "資料ダウンロード_経理DXガイド",
            "marketo",
            "website",
            START,
            END,
            0.05,
            0.34,
            0.0,
            0.50,
            cost=650_000,
        )
    )
    campaigns = []
    for number, row in enumerate(rows):
        record_id = {
            "salesforce": salesforce_id("701", 88_000 + number),
            "marketo": str(1_020 + number),
            "none": "",
        }[row.kind]
        campaigns.append(Campaign(**{**row.__dict__, "id": record_id}))
    return campaigns


CAMPAIGNS = make_campaigns()
BY_KEY = {campaign.key: campaign for campaign in CAMPAIGNS}


# --- wordings of statuses ----------------------------------------------------

#: stage → spellings for Japanese and for foreign leads, with some noise. All
#: of them are rows of the shipped seed of stage rules (same text).
STATUS_WORDINGS: dict[str, tuple[Weights[str], Weights[str]]] = {
    "inquiry": (
        Weights([(0.93, "新規"), (0.04, "新規 "), (0.03, "NEW")]),
        Weights([(0.95, "Open - Not Contacted"), (0.05, "open - not contacted")]),
    ),
    "mql": (
        Weights([(0.96, "MQL"), (0.04, "ＭＱＬ")]),
        Weights([(0.97, "Marketing Qualified"), (0.03, "mql")]),
    ),
    "handed_off": (
        Weights([(0.94, "営業引き渡し"), (0.04, "営業引き渡し　"), (0.02, "Assigned")]),
        Weights([(0.90, "Assigned"), (0.06, "assigned "), (0.04, "Ａｓｓｉｇｎｅｄ")]),
    ),
    "tal": (
        Weights([(0.97, "ADR Accepted"), (0.03, "ＡＤＲ Ａｃｃｅｐｔｅｄ")]),
        Weights([(0.9, "ADR Accepted"), (0.1, "TAL")]),
    ),
    "sal": (
        Weights([(0.95, "営業受入"), (0.05, "営業受入 ")]),
        Weights([(0.94, "Sales Accepted"), (0.06, "SALES ACCEPTED")]),
    ),
    "sql": (
        Weights([(1.0, "Closed - Converted")]),
        Weights([(1.0, "Closed - Converted")]),
    ),
    "rejected": (
        Weights([(0.96, "却下"), (0.04, "却下　")]),
        Weights([(0.95, "Rejected"), (0.05, "REJECTED")]),
    ),
    "recycled": (
        Weights([(0.96, "ナーチャリング"), (0.04, "ﾅｰﾁｬﾘﾝｸﾞ")]),
        Weights([(0.96, "Recycled"), (0.04, "recycled")]),
    ),
    "disqualified": (
        Weights([(1.0, "対象外")]),
        Weights([(0.9, "Disqualified"), (0.1, "Junk")]),
    ),
    "working": (
        Weights([(0.96, "対応中"), (0.04, "対応中 ")]),
        Weights([(0.8, "Working - Contacted"), (0.2, "Working")]),
    ),
}

#: Why sales refuses; the categories are rows of seeds/rejection_reasons.csv.
REASONS = Weights(
    [
        (0.20, "予算なし"),
        (0.17, "時期尚早"),
        (0.16, "連絡がつかない"),
        (0.13, "対象外の業種"),
        (0.12, "決裁権なし"),
        (0.09, "競合導入済み"),
        (0.06, "情報不足"),
        (0.04, "重複"),
        (0.03, "No budget"),
    ]
)
REFUSED_REASONS = Weights(
    [
        (0.46, "学生・個人"),
        (0.24, "情報収集のみ"),
        (0.14, "競合他社"),
        (0.10, "対象外の業種"),
        (0.06, "決裁権なし"),
    ]
)


# --- customers ---------------------------------------------------------------

FAMILY = [
    ("佐藤", "sato"),
    ("鈴木", "suzuki"),
    ("高橋", "takahashi"),
    ("田中", "tanaka"),
    ("伊藤", "ito"),
    ("渡辺", "watanabe"),
    ("山本", "yamamoto"),
    ("中村", "nakamura"),
    ("小林", "kobayashi"),
    ("加藤", "kato"),
    ("吉田", "yoshida"),
    ("山田", "yamada"),
    ("佐々木", "sasaki"),
    ("山口", "yamaguchi"),
    ("松本", "matsumoto"),
    ("井上", "inoue"),
    ("木村", "kimura"),
    ("林", "hayashi"),
    ("斎藤", "saito"),
    ("清水", "shimizu"),
    ("山崎", "yamazaki"),
    ("阿部", "abe"),
    ("森", "mori"),
    ("池田", "ikeda"),
    ("橋本", "hashimoto"),
    ("石川", "ishikawa"),
    ("前田", "maeda"),
    ("藤田", "fujita"),
    ("小川", "ogawa"),
    ("岡田", "okada"),
    ("後藤", "goto"),
    ("長谷川", "hasegawa"),
    ("村上", "murakami"),
    ("近藤", "kondo"),
    ("坂本", "sakamoto"),
    ("遠藤", "endo"),
    ("藤井", "fujii"),
    ("西村", "nishimura"),
    ("福田", "fukuda"),
    ("太田", "ota"),
]
GIVEN = [
    ("翔太", "shota"),
    ("美咲", "misaki"),
    ("健一", "kenichi"),
    ("陽子", "yoko"),
    ("大輔", "daisuke"),
    ("直美", "naomi"),
    ("拓也", "takuya"),
    ("恵", "megumi"),
    ("和也", "kazuya"),
    ("由美", "yumi"),
    ("浩", "hiroshi"),
    ("智子", "tomoko"),
    ("誠", "makoto"),
    ("麻衣", "mai"),
    ("亮", "ryo"),
    ("彩", "aya"),
    ("雄太", "yuta"),
    ("香織", "kaori"),
    ("修", "osamu"),
    ("真由美", "mayumi"),
    ("達也", "tatsuya"),
    ("裕子", "yuko"),
    ("剛", "tsuyoshi"),
    ("愛", "ai"),
    ("隆", "takashi"),
    ("優子", "yuko"),
    ("学", "manabu"),
    ("千尋", "chihiro"),
    ("純", "jun"),
    ("瞳", "hitomi"),
]
FOREIGN_FAMILY = [
    "Smith",
    "Johnson",
    "Lee",
    "Garcia",
    "Nguyen",
    "Müller",
    "Rossi",
    "Kim",
    "Chen",
    "Patel",
    "Brown",
    "Wilson",
    "Dubois",
    "Silva",
    "Novak",
    "Tan",
]
FOREIGN_GIVEN = [
    "James",
    "Maria",
    "David",
    "Anna",
    "Michael",
    "Laura",
    "Daniel",
    "Grace",
    "Thomas",
    "Mei",
    "Lucas",
    "Priya",
    "Noah",
    "Chloe",
    "Ivan",
    "Hana",
]
TITLES = [
    "経理部長",
    "経理課長",
    "情報システム部",
    "DX推進室",
    "管理部 部長",
    "CFO",
    "総務部",
    "代表取締役",
    "経営企画",
    "主任",
]
FOREIGN_TITLES = [
    "Finance Manager",
    "CFO",
    "IT Director",
    "Controller",
    "Operations Manager",
]
INDUSTRIES = [
    "製造業",
    "情報通信業",
    "卸売業",
    "小売業",
    "建設業",
    "運輸業",
    "医療・福祉",
    "金融業",
    "不動産業",
    "サービス業",
]
EAST = ["東京都", "神奈川県", "埼玉県", "千葉県", "北海道", "宮城県", "愛知県"]
WEST = ["大阪府", "兵庫県", "京都府", "福岡県", "広島県", "香川県"]
COMPANY_FIRST = [
    ("みどり", "midori"),
    ("あおば", "aoba"),
    ("さくら", "sakura"),
    ("北斗", "hokuto"),
    ("日之出", "hinode"),
    ("三つ葉", "mitsuba"),
    ("東雲", "shinonome"),
    ("若草", "wakakusa"),
    ("やまと", "yamato"),
    ("ひかり", "hikari"),
    ("瑞穂野", "mizuhono"),
    ("白樺", "shirakaba"),
    ("つばさ", "tsubasa"),
    ("銀河", "ginga"),
    ("岬", "misaki"),
    ("せせらぎ", "seseragi"),
    ("大空", "ozora"),
    ("はやぶさ", "hayabusa"),
    ("朝凪", "asanagi"),
    ("常磐", "tokiwa"),
    ("月島", "tsukishima"),
    ("すずらん", "suzuran"),
    ("千草", "chigusa"),
    ("渚", "nagisa"),
]
COMPANY_SECOND = [
    ("製作所", "works"),
    ("商事", "trading"),
    ("システムズ", "systems"),
    ("物流", "logistics"),
    ("建設", "construction"),
    ("食品", "foods"),
    ("テクノロジー", "tech"),
    ("化学", "chem"),
    ("電機", "electric"),
    ("ホールディングス", "hd"),
    ("運輸", "transport"),
    ("印刷", "print"),
    ("不動産", "estate"),
    ("メディカル", "medical"),
    ("ファイナンス", "finance"),
    ("デザイン", "design"),
    ("サービス", "service"),
    ("工業", "industry"),
]
COMPANY_SHAPES = Weights(
    [
        (0.50, "株式会社{}"),
        (0.20, "{}株式会社"),
        (0.12, "(株){}"),
        (0.06, "㈱{}"),
        (0.05, "（株）{}"),
        (0.03, "{}㈱"),
        (0.02, "株式会社　{}"),
        (0.02, "{}"),
    ]
)
FOREIGN_COMPANY_FIRST = [
    "Northwind",
    "Bluepeak",
    "Redwood",
    "Silverline",
    "Brightwave",
    "Ironbridge",
    "Clearwater",
    "Summit",
]
FOREIGN_COMPANY_SECOND = [
    "Logistics",
    "Systems",
    "Foods",
    "Trading",
    "Health",
    "Software",
    "Capital",
    "Manufacturing",
]


@dataclass(frozen=True)
class Customer:
    name: str
    domain: str
    industry: str
    state: str
    country: str
    employees: int
    is_west: bool
    is_foreign: bool
    account_id: str


def make_customers(dice: Dice, count: int, ids) -> list[Customer]:
    customers = []
    for number in range(count):
        if number % 11 == 7:
            first = dice.pick(FOREIGN_COMPANY_FIRST)
            second = dice.pick(FOREIGN_COMPANY_SECOND)
            name = f"{first} {second}"
            if number % 22 == 7:
                name += ", Inc."
            domain = f"{first}{second}{number}.example.com".lower()
            state, country, west = (
                "",
                dice.pick(["Singapore", "United States", "Australia", "Taiwan"]),
                False,
            )
            foreign = True
        else:
            first_name, first_latin = dice.pick(COMPANY_FIRST)
            second_name, second_latin = dice.pick(COMPANY_SECOND)
            name = first_name + second_name
            ending = "example.co.jp" if number % 3 else "example.jp"
            domain = f"{first_latin}-{second_latin}{number}.{ending}"
            west = dice.chance(0.36)
            state, country = dice.pick(WEST if west else EAST), "日本"
            foreign = False
        customers.append(
            Customer(
                name,
                domain,
                dice.pick(INDUSTRIES),
                state,
                country,
                dice.pick([12, 28, 45, 80, 120, 230, 400, 650, 1_200, 3_500]),
                west,
                foreign,
                next(ids),
            )
        )
    return customers
