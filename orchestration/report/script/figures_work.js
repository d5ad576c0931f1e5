// Rows and sentences of what is open, why sales refuses, and how long it takes.

function dayAfter(days) {
  const day = new Date(`${page.facts.day}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
}

function queueBy(keyOf) {
  return sumsBy("queue", keyOf, ["leads"]);
}

figures.open_now = () => {
  const queue = cube.tables.queue;
  const starts = [...new Set(queue.from_hours)].sort((a, b) => a - b);
  const rows = starts.map((from, place) => {
    const until = starts[place + 1];
    return {
      from,
      label:
        until === undefined
          ? word("hours_more", { a: from })
          : word("hours_range", { a: from, b: until }),
      open: 0,
      overdue: 0,
      in_time: 0,
      respond: 0,
      decide: 0,
    };
  });
  const teams = new Map();
  for (let row = 0; row < sizeOf(queue); row += 1) {
    if (!cellIsChosen[queue.cell[row]]) continue;
    const band = rows[starts.indexOf(queue.from_hours[row])];
    const leads = queue.leads[row];
    band.open += leads;
    band[queue.overdue[row] ? "overdue" : "in_time"] += leads;
    band[queue.step[row]] += leads;
    if (queue.overdue[row]) {
      const team = cube.cells.team[queue.cell[row]];
      teams.set(team, (teams.get(team) ?? 0) + leads);
    }
  }
  const kept = rows.filter((row) => row.open);
  for (const row of kept) {
    row.tip = lines(
      row.label,
      `${word("overdue")}: ${count(row.overdue)}`,
      `${word("in_time")}: ${count(row.in_time)}`,
    );
  }
  if (!kept.length) return { rows: [] };
  const [team, most] = [...teams].sort((a, b) => b[1] - a[1])[0] ?? [null, 0];
  return {
    rows: kept,
    say: [
      "say_open_now",
      {
        open: count(kept.reduce((sum, row) => sum + row.open, 0)),
        overdue: count(kept.reduce((sum, row) => sum + row.overdue, 0)),
        team: team === null ? GAP : labelOf("team", team),
        team_overdue: count(most),
      },
    ],
  };
};

figures.due_next = () => {
  const found = queueBy((row, table) =>
    table.clock_runs[row] && !table.overdue[row]
      ? `${table.days_until_due[row]} ${cube.cells.team[table.cell[row]]}`
      : undefined,
  );
  const days = new Map();
  for (const [key, { leads }] of found) {
    const [day, team] = key.split(" ").map(Number);
    if (!days.has(day)) days.set(day, { waiting: 0, teams: [] });
    days.get(day).waiting += leads;
    days.get(day).teams.push([labelOf("team", team), leads]);
  }
  const named = (teams) =>
    [...teams]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([team, leads]) => `${team} ${leads}`)
      .join(", ");
  const rows = [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, { waiting, teams }]) => {
      const near = { 0: "today", 1: "tomorrow" }[day];
      const row = {
        day,
        label: dayAfter(day) + (near ? ` (${word(near)})` : ""),
        waiting,
        teams: named(teams),
        text: count(waiting),
      };
      row.tip = lines(row.label, `${word("to_respond")}: ${count(waiting)}`, row.teams);
      return row;
    });
  if (!rows.length) return { rows, say: ["say_due_none", {}] };
  const near = rows.filter((row) => row.day <= 1);
  const tomorrow = near.reduce((sum, row) => sum + row.waiting, 0);
  const teams = near.map((row) => row.teams).filter(Boolean).join(", ");
  return {
    rows,
    say: [
      "say_due_next",
      {
        day: dayAfter(1),
        tomorrow: count(tomorrow),
        teams: teams ? ` (${teams})` : "",
        later: count(rows.reduce((sum, row) => sum + row.waiting, 0) - tomorrow),
      },
    ],
  };
};

figures.stock_by_day = () => {
  const stock = cube.tables.stock;
  const [from, to] = [cube.values.month[state.from], cube.values.month[state.to]];
  const months = (day) => `${day.slice(0, 7)}-01`;
  const found = sumsBy(
    "stock",
    (row, table) =>
      months(table.day[row]) >= from &&
      months(table.day[row]) <= to &&
      isChosen("channel", table.channel[row]) &&
      isChosen("team", table.team[row])
        ? table.day[row]
        : undefined,
    ["open_handoffs", "overdue_handoffs"],
  );
  const rows = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, sums]) => ({
      day,
      ...sums,
      tip: lines(
        day,
        `${word("open_handoffs")}: ${count(sums.open_handoffs)}`,
        `${word("overdue_handoffs")}: ${count(sums.overdue_handoffs)}`,
      ),
    }));
  if (!rows.length || !sizeOf(stock)) return { rows };
  const last = rows.at(-1);
  const past = rows.findLast((row) => months(row.day) < months(last.day)) ?? rows[0];
  return {
    rows,
    say: [
      "say_stock_by_day",
      {
        day: last.day,
        open: count(last.open_handoffs),
        overdue: count(last.overdue_handoffs),
        day_before: past.day,
        open_before: count(past.open_handoffs),
        overdue_before: count(past.overdue_handoffs),
      },
    ],
  };
};

function reasonLabel(reason) {
  return { "": word("no_reason"), "…": word("other_words") }[reason] ?? reason;
}

function whoseLabel(whose) {
  if (!whose) return word("nobody_said");
  return page.words[whose] ? word(whose) : whose;
}

figures.refused = () => {
  const rows = groupRows(
    handoffsBy(cellColumn("campaign")),
    (place) => labelOf("campaign", place),
    "campaign",
  ).sort(worstFirst("rejection_rate", false));
  const reasons = new Map();
  const found = sumsBy(
    "reasons",
    (row, table) =>
      JSON.stringify([
        cube.cells.campaign[table.cell[row]],
        table.reason[row],
        table.whose[row],
      ]),
    ["rejected"],
  );
  for (const [key, { rejected }] of found) {
    const [campaign, reason, whose] = JSON.parse(key);
    const known = reasons.get(campaign);
    if (!known || rejected > known.rejected) {
      reasons.set(campaign, { reason, whose, rejected });
    }
  }
  for (const row of rows) {
    const first = reasons.get(row.choose.place);
    row.reason = first ? reasonLabel(first.reason) : "";
    row.whose = first ? whoseLabel(first.whose) : "";
    row.reason_share = first ? share(first.rejected, row.rejected) : null;
    row.tip = lines(
      row.label,
      `${word("rejection_rate")}: ${percent(row.rejection_rate)} (${span(row.rejection_rate_lower, row.rejection_rate_upper)})`,
      first ? `${word("first_reason")}: ${row.reason} (${percent(row.reason_share)})` : "",
      `${word("handed_off")}: ${count(row.handed_off)}`,
    );
  }
  if (!rows.length) return { rows };
  const all = allHandoffs();
  const [worst] = rows;
  return {
    rows,
    say: worst.is_small
      ? ["say_by_small", { n: SMALL, all: percent(share(all.rejected, all.handed_off)) }]
      : [
          "say_refused",
          {
            worst: worst.label,
            rate: percent(worst.rejection_rate),
            span: span(worst.rejection_rate_lower, worst.rejection_rate_upper),
            n: count(worst.handed_off),
            reason: worst.reason || GAP,
            reason_share: percent(worst.reason_share),
            whose: worst.whose || GAP,
            all: percent(share(all.rejected, all.handed_off)),
          },
        ],
    notes: rows.some((row) => row.is_small) ? [word("small_first", { n: SMALL })] : [],
  };
};

figures.reasons = () => {
  const found = sumsBy(
    "reasons",
    (row, table) => JSON.stringify([table.reason[row], table.whose[row]]),
    ["rejected"],
  );
  const all = [...found.values()].reduce((sum, { rejected }) => sum + rejected, 0);
  const byWhose = { marketing: 0, sales: 0, "": 0 };
  const rows = [...found]
    .map(([key, { rejected }]) => {
      const [reason, whose] = JSON.parse(key);
      byWhose[whose] = (byWhose[whose] ?? 0) + rejected;
      const row = {
        reason,
        label: reasonLabel(reason),
        whose: whoseLabel(whose),
        rejected,
        share: share(rejected, all),
      };
      row.tip = lines(
        row.label,
        `${word("rejected")}: ${count(rejected)} (${percent(row.share)})`,
        row.whose,
      );
      return row;
    })
    .sort((a, b) => b.rejected - a.rejected || (a.label < b.label ? -1 : 1));
  if (!rows.length) return { rows };
  const first = rows.find((row) => row.reason) ?? rows[0];
  return {
    rows,
    say: [
      "say_reasons",
      {
        rejected: count(all),
        reason: first.label,
        share: percent(first.share),
        marketing: percent(share(byWhose.marketing, all)),
        sales: percent(share(byWhose.sales, all)),
        nobody: percent(share(byWhose[""], all)),
      },
    ],
  };
};

// The share accepted by each age: Kaplan-Meier with a competing end, as in
// mart_acceptance_curve. `ages` are [age, {accepted, settled, leaving}].
function acceptanceCurve(ages) {
  let atRisk = ages.reduce((sum, [, each]) => sum + each.leaving, 0);
  let open = 1;
  let accepted = 0;
  return [...ages]
    .sort(([a], [b]) => a - b)
    .map(([age, each]) => {
      const step = { age, at_risk: atRisk, accepted: each.accepted };
      accepted += (open * each.accepted) / atRisk;
      open *= 1 - each.settled / atRisk;
      atRisk -= each.leaving;
      return { ...step, share: Math.min(1, accepted) };
    });
}

figures.curves = () => {
  const columns = ["accepted", "settled", "leaving"];
  const months = new Map();
  const found = sumsBy(
    "ages",
    (row, table) => cube.cells.month[table.cell[row]] * 100000 + table.age[row],
    columns,
  );
  for (const [key, sums] of found) {
    const month = Math.floor(key / 100000);
    if (!months.has(month)) months.set(month, []);
    months.get(month).push([key % 100000, sums]);
  }
  const rows = [...months]
    .sort(([a], [b]) => a - b)
    .flatMap(([month, ages]) => {
      const isOpen = ages.some(([, each]) => each.leaving > each.settled);
      return acceptanceCurve(ages).map((step) => ({
        month: cube.values.month[month],
        number: month,
        is_open: isOpen,
        ...step,
        tip: lines(
          monthName(cube.values.month[month]),
          `${word("business_days")}: ${step.age}`,
          `${word("accepted_share")}: ${percent(step.share)}`,
        ),
      }));
    });
  if (!rows.length) return { rows };
  const all = acceptanceCurve([
    ...sumsBy("ages", (row, table) => table.age[row], columns),
  ]);
  const end = all.at(-1).share;
  const half = all.find((step) => step.share >= end / 2);
  return {
    rows,
    say: [
      "say_curves",
      { half: end ? percent(half.share / end) : GAP, days: end ? half.age : GAP },
    ],
  };
};
