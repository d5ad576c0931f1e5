// Rows and sentences of the funnel and of the rates.

const figures = {};

const STAGES = [
  ["handed_off", null],
  ["accepted", "sal_rate"],
  ["sql", "sal_to_sql_rate"],
  ["opportunity", "sql_to_opportunity_rate"],
  ["won", "win_rate"],
];

figures.funnel_handoffs = () => {
  const sums = allHandoffs();
  if (!sums.handed_off) return { rows: [] };
  const rows = STAGES.map(([name, metric]) => {
    const row = {
      label: word(name),
      stage: name,
      count: sums[name],
      of_before: null,
      of_before_lower: null,
      of_before_upper: null,
      ...(metric ? rated(metric, sums, "of_before") : {}),
      of_all: share(sums[name], sums.handed_off),
    };
    return withStageText(row, metric && word(metric));
  });
  const losses = rows.slice(1).filter((row) => row.of_before !== null);
  const worst = losses.reduce((a, b) => (b.of_before < a.of_before ? b : a), losses[0]);
  return {
    rows,
    notes: [word("funnel_texts")],
    say: [
      "say_funnel_handoffs",
      {
        handed_off: count(sums.handed_off),
        accepted: count(sums.accepted),
        sal: percent(rows[1].of_before),
        won: count(sums.won),
        won_share: percent(rows[4].of_all),
        stage: worst ? worst.label : GAP,
      },
    ],
  };
};

function withStageText(row, metric) {
  row.text =
    row.of_before === null
      ? count(row.count)
      : `${count(row.count)}  ·  ${percent(row.of_before)}  ·  ${percent(row.of_all)}`;
  row.tip = lines(
    `${row.label}: ${count(row.count)}`,
    row.of_before === null
      ? ""
      : `${word("of_before")}${metric ? ` (${metric})` : ""}: ${percent(row.of_before)}`,
    `${word("of_all")}: ${percent(row.of_all)}`,
  );
  return row;
}

figures.funnel_entries = () => {
  const names = ["inquiry", "mql", "handed_off", "accepted", "sql", "opportunity", "won"];
  const sums = total("entries", names);
  if (!names.some((name) => sums[name])) return { rows: [] };
  const rows = names.map((name, place) =>
    withStageText({
      label: word(`entries_${name}`),
      stage: name,
      count: sums[name],
      of_before: place ? share(sums[name], sums[names[place - 1]]) : null,
      of_all: share(sums[name], sums[names[0]]),
    }),
  );
  return {
    rows,
    notes: [word("funnel_texts")],
    say: [
      "say_funnel_entries",
      {
        inquiry: count(sums.inquiry),
        mql: count(sums.mql),
        handed_off: count(sums.handed_off),
      },
    ],
  };
};

// The target of a rate in a month: that of the one value that is chosen, where it has
// one, else that of all.
function targetOf(metric, month) {
  const plan = cube.tables.plan;
  const starts = cube.values.month[month];
  let found = null;
  for (let row = 0; row < sizeOf(plan); row += 1) {
    if (plan.metric[row] !== metric || plan.starts[row] !== starts) continue;
    if (plan.dimension[row] === "all") found ??= plan.target[row];
    const dimension = plan.dimension[row].replace("definition_", "");
    const only = DIMENSIONS.filter((name) => state[name].size);
    if (only.length === 1 && only[0] === dimension && state[dimension].size === 1) {
      const [place] = state[dimension];
      if (cube.values[dimension][place] === plan.value[row]) found = plan.target[row];
    }
  }
  return found;
}

function monthRows(metric) {
  const sums = handoffsBy(cellColumn("month"));
  return [...sums.entries()]
    .filter(([, each]) => each.handed_off > 0)
    .sort(([a], [b]) => a - b)
    .map(([place, each]) => {
      const isRipe = each.pending === 0;
      const row = {
        month: cube.values.month[place],
        label: shortMonth(cube.values.month[place]),
        ...each,
        ...rated(metric, each),
        ...projection(each),
        is_ripe: isRipe,
        state: word(isRipe ? "ripe" : "not_ripe_yet"),
        target: targetOf(metric, place),
        choose: { dimension: "month", place },
      };
      if (isRipe) Object.assign(row, { projected: null, projected_lower: null, projected_upper: null });
      return row;
    });
}

// The dashed way from the last ripe month to where the open ones will end.
function withPath(rows, metric) {
  rows.forEach((row, place) => {
    const next = rows[place + 1];
    if (!row.is_ripe) row.path = row.open_middle;
    else row.path = next && !next.is_ripe ? row[metric] : null;
  });
}

figures.sal_by_month = () => {
  const rows = monthRows("sal_rate");
  for (const row of rows) {
    const known = row.projected !== null;
    row.open_lower = row.is_ripe
      ? null
      : known
        ? row.projected_lower
        : row.accepted / row.handed_off;
    row.open_upper = row.is_ripe
      ? null
      : known
        ? row.projected_upper
        : (row.accepted + row.pending) / row.handed_off;
    row.open_middle = row.projected;
    row.tip = lines(
      monthName(row.month),
      row.is_ripe
        ? `${word("sal_rate")}: ${percent(row.sal_rate)} (${span(row.sal_rate_lower, row.sal_rate_upper)})`
        : `${word("sal_rate")}, ${word("so_far")}: ${percent(row.sal_rate)}`,
      row.is_ripe
        ? ""
        : `${word("projection")}: ${percent(row.projected)} (${span(row.open_lower, row.open_upper)})`,
      `${word("handed_off")}: ${count(row.handed_off)}, ${word("pending")}: ${count(row.pending)}`,
      row.target === null ? "" : `${word("target")}: ${percent(row.target)}`,
    );
  }
  withPath(rows, "sal_rate");
  return { rows, say: saidOfMonth(rows), notes: [word("month_marks")] };
};

function saidOfMonth(rows) {
  const row = rows.at(-1);
  const before = rows.at(-2);
  if (!row) return null;
  const said = {
    month: monthName(row.month),
    n: count(row.handed_off),
    pending: count(row.pending),
    sal: percent(row.sal_rate),
    span: row.is_ripe
      ? span(row.sal_rate_lower, row.sal_rate_upper)
      : span(row.open_lower, row.open_upper),
    projected: percent(row.projected),
  };
  if (!before) return ["say_sal_first", said];
  const past = before.projected ?? before.sal_rate;
  said.month_before = monthName(before.month);
  said.before = percent(past);
  if (row.is_ripe) {
    const chance = differ(row.sal_rate, row.handed_off, past, before.handed_off);
    return ["say_sal_ripe", { ...said, chance: word(chance ? "chance_yes" : "chance_no") }];
  }
  if (row.projected === null) return ["say_sal_unknown", said];
  const gap = past - row.sal_rate;
  const gaps = { gap: points(gap), ripening: points(row.projected - row.sal_rate) };
  let verdict = "verdict_maybe";
  if (gap <= 0) verdict = "verdict_better";
  else if (row.projected >= past) verdict = "verdict_ripening";
  else if (differ(row.projected, row.handed_off, past, before.handed_off)) {
    verdict = "verdict_worse";
  }
  return ["say_sal_open", { ...said, verdict: word(verdict, gaps) }];
}

figures.ignore_by_month = () => {
  const rows = monthRows("ignore_rate");
  for (const row of rows) {
    row.open_lower = row.is_ripe ? null : row.ignore_rate;
    row.open_upper = row.is_ripe ? null : (row.ignored + row.pending) / row.handed_off;
    row.open_middle = null;
    row.tip = lines(
      monthName(row.month),
      row.is_ripe
        ? `${word("ignore_rate")}: ${percent(row.ignore_rate)} (${span(row.ignore_rate_lower, row.ignore_rate_upper)})`
        : `${word("ignore_rate")}, ${word("so_far")}: ${percent(row.ignore_rate)}`,
      row.is_ripe ? "" : `${word("at_most")}: ${percent(row.open_upper)}`,
      `${word("handed_off")}: ${count(row.handed_off)}, ${word("pending")}: ${count(row.pending)}`,
      row.target === null ? "" : `${word("target")}: ${percent(row.target)}`,
    );
  }
  withPath(rows, "ignore_rate");
  const row = rows.at(-1);
  if (!row) return { rows };
  return {
    rows,
    notes: [word("month_marks_ignore")],
    say: [
      "say_ignore_by_month",
      {
        month: monthName(row.month),
        ignored: count(row.ignored),
        n: count(row.handed_off),
        rate: percent(row.ignore_rate),
        target:
          row.target === null ? "" : word("say_target", { target: percent(row.target) }),
        open: row.is_ripe
          ? ""
          : word("say_ignore_open", {
              pending: count(row.pending),
              most: percent(row.open_upper),
            }),
      },
    ],
  };
};

// Worst first; those of few hand-offs last.
function worstFirst(field, ascending) {
  const sign = ascending ? 1 : -1;
  return (a, b) =>
    a.is_small - b.is_small ||
    sign * ((a[field] ?? 0) - (b[field] ?? 0)) ||
    b.handed_off - a.handed_off ||
    (a.label < b.label ? -1 : 1);
}

function groupRows(sums, labelAt, dimension) {
  const months = cube.values.month.map((_, place) => place).filter(isInPeriod);
  const latest = (metric) =>
    months.map((place) => targetOf(metric, place)).findLast((each) => each !== null) ?? null;
  const targets = {
    sal_rate_target: latest("sal_rate"),
    ignore_rate_target: latest("ignore_rate"),
  };
  return [...sums.entries()]
    .filter(([, each]) => each.handed_off > 0)
    .map(([place, each]) => {
      const row = {
        label: labelAt(place),
        ...each,
        ...rated("sal_rate", each),
        ...rated("ignore_rate", each),
        ...rated("rejection_rate", each),
        ...projection(each),
        ...targets,
        no_target: null,
        is_small: each.handed_off < SMALL,
      };
      if (dimension) {
        row.value = cube.values[dimension][place];
        row.choose = { dimension, place };
      }
      row.tip = lines(
        row.label,
        `${word("sal_rate")}: ${percent(row.sal_rate)} (${span(row.sal_rate_lower, row.sal_rate_upper)})`,
        `${word("ignore_rate")}: ${percent(row.ignore_rate)} (${span(row.ignore_rate_lower, row.ignore_rate_upper)})`,
        `${word("handed_off")}: ${count(row.handed_off)}, ${word("pending")}: ${count(row.pending)}`,
        row.is_small ? word("few", { n: SMALL }) : "",
      );
      return row;
    });
}

function byGroup(name, sums, labelAt, dimension) {
  const rows = groupRows(sums, labelAt, dimension).sort(worstFirst("sal_rate", true));
  if (!rows.length) return { rows };
  const lying = [...rows].sort(worstFirst("ignore_rate", false));
  const all = allHandoffs();
  const whole = percent(share(all.accepted, all.handed_off));
  const compared = rows.filter((row) => !row.is_small).length;
  const [worst, most] = [rows[0], lying[0]];
  const said = {
    n: count(worst.handed_off),
    sal: percent(worst.sal_rate),
    span: span(worst.sal_rate_lower, worst.sal_rate_upper),
    ignore: percent(most.ignore_rate),
    ignore_span: span(most.ignore_rate_lower, most.ignore_rate_upper),
    all: whole,
  };
  let say = ["say_by_small", { n: SMALL, all: whole }];
  if (compared === 1) say = ["say_by_one", { ...said, n: SMALL, one: worst.label }];
  if (compared > 1) {
    say = [
      "say_by",
      {
        ...said,
        worst: worst.label,
        lying: most.label,
        ignore_n: count(most.handed_off),
        ignore_all: percent(share(all.ignored, all.handed_off)),
      },
    ];
  }
  return {
    rows,
    charts: { [`${name}_sal`]: rows, [`${name}_ignore`]: lying },
    say,
    notes: [
      word("rate_marks"),
      rows.some((row) => row.is_small) ? word("small_first", { n: SMALL }) : "",
    ],
  };
}

for (const name of ["channel", "campaign", "team"]) {
  figures[`by_${name}`] = () =>
    byGroup(`by_${name}`, handoffsBy(cellColumn(name)), (place) => labelOf(name, place), name);
}

figures.by_rep = () => {
  const teams = new Map();
  const owner = (row, table) => table.owner[row];
  for (const [key, each] of sumsBy(
    "handoffs",
    (row, table) => `${table.owner[row]} ${cube.cells.team[table.cell[row]]}`,
    ["handed_off"],
  )) {
    const [rep, team] = key.split(" ").map(Number);
    const known = teams.get(rep);
    if (!known || each.handed_off > known.most) teams.set(rep, { team, most: each.handed_off });
  }
  const label = (place) =>
    place === 0
      ? labelOf("owner", place)
      : `${labelOf("owner", place)} · ${labelOf("team", teams.get(place).team)}`;
  return byGroup("by_rep", handoffsBy(owner), label, "");
};
