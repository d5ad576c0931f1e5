// Rows and sentences of speed, SLA and score.

const ENOUGH_ANSWERED = 20;
const LEVELS = 6;

figures.heatmap = () => {
  const found = sumsBy("hours", (row, table) => table.hour_of_week[row], [
    "handed_off",
    "ignored",
    "responded",
    "response_hours",
  ]);
  const rows = [...found]
    .sort(([a], [b]) => a - b)
    .map(([place, sums]) => {
      const row = {
        label: word(`weekday_${Math.floor(place / 24) + 1}`),
        weekday: Math.floor(place / 24) + 1,
        hour: place % 24,
        ...sums,
        mean_hours: share(sums.response_hours, sums.responded),
        is_small: sums.responded < ENOUGH_ANSWERED,
      };
      row.tip = lines(
        `${row.label} ${row.hour}:00`,
        `${word("mean_response_hours")}: ${tenth(row.mean_hours)}`,
        `${word("handed_off")}: ${count(row.handed_off)}, ${word("responded")}: ${count(row.responded)}`,
        row.is_small ? word("few", { n: ENOUGH_ANSWERED }) : "",
      );
      return row;
    });
  if (!rows.length) return { rows };
  inLevels(rows);
  const [worst] = rows
    .filter((row) => !row.is_small)
    .sort((a, b) => b.mean_hours - a.mean_hours);
  return {
    rows,
    notes: [word("heat_marks", { n: ENOUGH_ANSWERED })],
    say: worst
      ? [
          "say_heatmap",
          {
            weekday: worst.label,
            hour: worst.hour,
            hours: tenth(worst.mean_hours),
            n: count(worst.responded),
          },
        ]
      : ["say_heatmap_small", { n: ENOUGH_ANSWERED }],
  };
};

// As many hours of the week in each colour: one that waited long would take the whole
// of an even scale.
function inLevels(rows) {
  const known = rows.filter((row) => row.mean_hours !== null);
  const sorted = known.map((row) => row.mean_hours).sort((a, b) => a - b);
  const ends = [1, 2, 3, 4, 5].map((level) =>
    Math.ceil(sorted[Math.floor((level * sorted.length) / LEVELS)] ?? 0),
  );
  const steps = [...new Set(ends)].filter((end) => end > 0);
  for (const row of known) {
    const level = steps.filter((end) => row.mean_hours >= end).length;
    row.level = level;
    row.level_label =
      level === steps.length
        ? word("hours_more", { a: steps.at(-1) ?? 0 })
        : word("hours_range", { a: steps[level - 1] ?? 0, b: steps[level] });
  }
}

figures.reached = () => {
  const names = Object.keys(cube.tables.reached).filter((name) => name !== "cell");
  const sums = total("reached", names);
  const rows = names
    .filter((name) => name.startsWith("reached_within_"))
    .map((name) => {
      const limit = name.replace("reached_", "");
      const row = {
        limit,
        label: word(limit),
        old_enough: sums[name.replace("reached_within", "old_enough_for")],
        reached: sums[name],
        ...rated(`${name}_rate`, sums, "rate"),
        no_target: null,
      };
      row.is_small = row.old_enough < SMALL;
      row.tip = lines(
        row.label,
        `${percent(row.rate)} (${span(row.rate_lower, row.rate_upper)})`,
        `${count(row.reached)} / ${count(row.old_enough)}`,
      );
      return row;
    })
    .filter((row) => row.old_enough);
  if (!rows.length) return { rows };
  const at = (limit) => percent(rows.find((row) => row.limit === limit)?.rate ?? null);
  return {
    rows,
    say: ["say_reached", { hour: at("within_1_hour"), day: at("within_24_hours") }],
  };
};

figures.delays = () => {
  const columns = ["answered", "routing_hours", "rep_hours"];
  const rows = [...sumsBy("delays", cellColumn("team"), columns)]
    .map(([place, sums]) => {
      const row = {
        label: labelOf("team", place),
        value: cube.values.team[place],
        answered: sums.answered,
        routing: share(sums.routing_hours, sums.answered),
        own: share(sums.rep_hours, sums.answered),
        choose: { dimension: "team", place },
      };
      row.tip = lines(
        row.label,
        `${word("routing_delay")}: ${tenth(row.routing)}`,
        `${word("own_delay")}: ${tenth(row.own)}`,
        `${word("answered")}: ${count(row.answered)}`,
      );
      return row;
    })
    .sort((a, b) => b.routing + b.own - (a.routing + a.own));
  if (!rows.length) return { rows };
  const all = total("delays", columns);
  return {
    rows,
    say: [
      "say_delays",
      {
        routing: tenth(share(all.routing_hours, all.answered)),
        own: tenth(share(all.rep_hours, all.answered)),
        team: rows[0].label,
      },
    ],
  };
};

figures.sla = () => {
  const chosen = (table, row) =>
    isInPeriod(table.month[row]) && isChosen("team", table.team[row]);
  const columns = ["handed_off", "ignored"];
  const whole = sumsBy(
    "sla",
    (row, table) => (chosen(table, row) ? table.hours[row] : undefined),
    columns,
  );
  const found = sumsBy(
    "sla",
    (row, table) =>
      chosen(table, row) ? table.team[row] * 1000 + table.hours[row] : undefined,
    columns,
  );
  const rowOf = (label, hours, sums, choose) => ({
    label,
    hours,
    ...sums,
    ignore_rate: share(sums.ignored, sums.handed_off),
    choose,
    tip: lines(
      label,
      `${word("sla_hours")}: ${hours}`,
      `${word("ignore_rate")}: ${percent(share(sums.ignored, sums.handed_off))}`,
    ),
  });
  const teams = [...found]
    .sort(([a], [b]) => a - b)
    .map(([key, sums]) => {
      const team = Math.floor(key / 1000);
      return rowOf(labelOf("team", team), key % 1000, sums, {
        dimension: "team",
        place: team,
      });
    });
  const all = [...whole]
    .sort(([a], [b]) => a - b)
    .map(([hours, sums]) => rowOf(word("all"), hours, sums, undefined));
  const at = (hours) => percent(all.find((row) => row.hours === hours)?.ignore_rate ?? null);
  return {
    rows: [...all, ...teams],
    say: all.length
      ? [
          "say_sla",
          {
            short: 9,
            short_rate: at(9),
            middle: 18,
            middle_rate: at(18),
            long: 36,
            long_rate: at(36),
          },
        ]
      : null,
  };
};

function bandLabel(band) {
  return { "no score": word("band_no_score"), "merged scores": word("band_merged") }[band] ?? band;
}

figures.scores = () => {
  const found = sumsBy(
    "scores",
    (row, table) => JSON.stringify([table.band_no[row], table.band[row]]),
    ["handed_off", "accepted"],
  );
  const sums = [...found.values()];
  const all = share(
    sums.reduce((sum, each) => sum + each.accepted, 0),
    sums.reduce((sum, each) => sum + each.handed_off, 0),
  );
  const rows = [...found]
    .map(([key, each]) => ({ key: JSON.parse(key), each }))
    .sort((a, b) => a.key[0] - b.key[0])
    .map(({ key: [place, band], each }) => {
      const row = {
        place,
        label: bandLabel(band),
        ...each,
        ...rated("sal_rate", each),
        is_small: each.handed_off < SMALL,
        no_target: null,
      };
      row.lift = row.sal_rate === null ? null : share(row.sal_rate, all);
      row.tip = lines(
        row.label,
        `${word("sal_rate")}: ${percent(row.sal_rate)} (${span(row.sal_rate_lower, row.sal_rate_upper)})`,
        `${word("handed_off")}: ${count(row.handed_off)}`,
        row.is_small ? word("few", { n: SMALL }) : "",
      );
      return row;
    });
  if (!rows.length) return { rows };
  const scored = rows.filter((row) => row.place < 1000 && !row.is_small);
  if (scored.length < 2) return { rows, say: ["say_scores_small", { n: SMALL }] };
  const [worst, best] = [scored[0], scored.at(-1)];
  return {
    rows,
    say: [
      "say_scores",
      {
        best: best.label,
        best_rate: percent(best.sal_rate),
        worst: worst.label,
        worst_rate: percent(worst.sal_rate),
        all: percent(all),
        verdict: word(
          best.sal_rate_lower > worst.sal_rate_upper ? "score_works" : "score_fails",
        ),
      },
    ],
  };
};

figures.auc = () => {
  const table = cube.tables.score_months;
  const rows = table.month
    .map((place, row) => ({ place, row }))
    .filter(({ place }) => isInPeriod(place))
    .map(({ place, row }) => ({
      month: cube.values.month[place],
      label: shortMonth(cube.values.month[place]),
      auc: table.auc[row],
      brier_score: table.brier_score[row],
      base_brier_score: table.base_brier_score[row],
      best_threshold: table.best_threshold[row],
      chance: 0.5,
      tip: lines(monthName(cube.values.month[place]), `${word("auc")}: ${number(table.auc[row])}`),
    }));
  const judged = rows.filter((row) => row.brier_score !== null);
  const last = rows.findLast((row) => row.auc !== null);
  if (!last) return { rows: rows.filter((row) => row.auc !== null) };
  return {
    rows,
    say: [
      "say_auc",
      {
        month: monthName(last.month),
        auc: percent(last.auc),
        better: word("better_than_one_rate"),
        n: judged.filter((row) => row.brier_score < row.base_brier_score).length,
        all: judged.length,
      },
    ],
  };
};
