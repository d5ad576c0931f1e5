// Rows and sentences of spend, plan and data quality.

function costs(dimension) {
  const spend = cube.tables.spend;
  const groups = new Map();
  const all = { spend: 0, with_allocated: 0, sals: 0 };
  for (let row = 0; row < sizeOf(spend); row += 1) {
    if (
      spend.model[row] !== state.model ||
      spend.kind[row] === "allocated" ||
      !isInPeriod(spend.month[row]) ||
      !isChosen("channel", spend.channel[row]) ||
      !isChosen("campaign", spend.campaign[row])
    ) {
      continue;
    }
    const isShared = spend.kind[row] === "unallocated";
    const key = isShared ? "unallocated" : spend[dimension][row];
    if (!groups.has(key)) {
      groups.set(key, { spend: 0, with_allocated: 0, sals: 0, won_amount: 0 });
    }
    const sums = groups.get(key);
    sums.spend += spend.spend[row];
    sums.with_allocated += isShared ? spend.spend[row] : spend.with_allocated[row];
    sums.sals += spend.sals[row];
    sums.won_amount += spend.won_amount[row];
  }
  const rows = [...groups].map(([place, sums]) => {
    const isShared = place === "unallocated";
    const label = isShared
      ? word("unallocated")
      : cube.values[dimension][place] === ""
        ? word(`no_${dimension}`)
        : labelOf(dimension, place);
    const row = {
      label,
      value: isShared ? "(unallocated)" : cube.values[dimension][place],
      ...sums,
      cost: share(sums.spend, sums.sals),
      cost_with_allocated: share(sums.with_allocated, sums.sals),
      choose: isShared ? undefined : { dimension, place },
    };
    for (const name of Object.keys(all)) all[name] += sums[name];
    row.text =
      row.cost_with_allocated === null
        ? GAP
        : money(row.cost_with_allocated);
    row.tip = lines(
      row.label,
      `${word("cost_per_sal_with_allocated")}: ${money(row.cost_with_allocated)}`,
      `${word("cost_per_sal")}: ${money(row.cost)}`,
      `${word("with_allocated")}: ${money(row.with_allocated)}, ${word("attributed_sals")}: ${tenth(row.sals)}`,
    );
    return row;
  });
  rows.sort(
    (a, b) =>
      (b.cost_with_allocated ?? -1) - (a.cost_with_allocated ?? -1) ||
      b.with_allocated - a.with_allocated ||
      (a.label < b.label ? -1 : 1),
  );
  if (!rows.length) return { rows, say: ["say_costs_none", {}] };
  const named = rows.filter((row) => row.cost_with_allocated > 0);
  return {
    rows,
    say: named.length
      ? [
          "say_costs",
          {
            all: money(share(all.with_allocated, all.sals)),
            spend: money(all.with_allocated),
            sals: tenth(all.sals),
            worst: named[0].label,
            worst_cost: money(named[0].cost_with_allocated),
            best: named.at(-1).label,
            best_cost: money(named.at(-1).cost_with_allocated),
          },
        ]
      : ["say_costs_none", {}],
  };
}

figures.cost_by_channel = () => costs("channel");
figures.cost_by_campaign = () => costs("campaign");

figures.pacing = () => {
  const table = cube.tables.pacing;
  const chosen = DIMENSIONS.filter((name) => state[name].size);
  let dimension = "all";
  let value = "all";
  const notes = [];
  if (chosen.length === 1 && state[chosen[0]].size === 1) {
    const [place] = state[chosen[0]];
    dimension = chosen[0] === "version" ? "definition_version" : chosen[0];
    value = cube.values[chosen[0]][place];
  } else if (chosen.length) {
    notes.push(word("say_pacing_two"));
  }
  const rows = [];
  for (let row = 0; row < sizeOf(table); row += 1) {
    if (table.dimension[row] !== dimension) continue;
    if (dimension !== "all" && table.value[row] !== value) continue;
    const found = {
      metric: table.metric[row],
      metric_label: word(table.metric[row]),
      day: table.day[row],
      actual: table.actual[row],
      previous: table.previous[row],
      mean_of_last_4: table.mean_of_last_4[row],
      target_to_date: table.target_to_date[row],
    };
    found.tip = lines(
      `${found.metric_label}, ${found.day}`,
      `${word("actual")}: ${count(found.actual)}`,
      `${word("previous")}: ${count(found.previous)}`,
      `${word("mean_of_last_4")}: ${number(found.mean_of_last_4)}`,
      found.target_to_date === null
        ? ""
        : `${word("target_to_date")}: ${number(found.target_to_date)}`,
    );
    rows.push(found);
  }
  const lastOf = (metric) =>
    rows.findLast((row) => row.metric === metric && row.actual !== null);
  const [handoffs, accepted] = [lastOf("handed_off"), lastOf("accepted")];
  return {
    rows,
    notes,
    say:
      handoffs || accepted
        ? [
            "say_pacing",
            {
              day: (handoffs ?? accepted).day,
              handed_off: count(handoffs?.actual),
              handed_off_mean: number(handoffs?.mean_of_last_4),
              accepted: count(accepted?.actual),
              accepted_mean: number(accepted?.mean_of_last_4),
            },
          ]
        : null,
  };
};

figures.plan = () => {
  const table = cube.tables.plan;
  const [from, to] = [cube.values.month[state.from], cube.values.month[state.to]];
  const isLast = state.to === cube.values.month.length - 1;
  const rows = table.starts
    .map((starts, row) => ({ starts, row }))
    .filter(({ starts }) => starts >= from && (isLast || starts <= to))
    .map(({ starts, row }) => {
      const isFinal = Boolean(table.is_final[row]);
      const ratio =
        table.actual[row] === null ? null : share(table.actual[row], table.target[row]);
      const metric = table.metric[row];
      const found = {
        metric,
        metric_label: page.words[metric] ? word(metric) : metric,
        month: starts,
        label: shortMonth(starts),
        who:
          table.dimension[row] === "all"
            ? word("all")
            : `${table.dimension[row]}: ${table.value[row]}`,
        target: table.target[row],
        actual: table.actual[row],
        ratio,
        is_final: isFinal,
        is_met: table.is_met[row],
        met: word(isFinal ? (table.is_met[row] ? "met" : "missed") : "not_final"),
        owners: [table.marketing_owner[row], table.sales_owner[row]]
          .filter(Boolean)
          .join(", "),
        needed_handoffs: table.needed_handoffs[row],
        missing_handoffs: table.missing_handoffs[row],
      };
      found.tip = lines(
        `${found.metric_label}, ${monthName(starts)}`,
        `${word("target")}: ${number(found.target)}`,
        `${word("actual")}: ${number(found.actual)}`,
        found.met,
      );
      return found;
    })
    .sort((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : a.metric < b.metric ? -1 : 1));
  const final = rows.filter((row) => row.is_final);
  return {
    rows,
    say: final.length
      ? [
          "say_plan",
          {
            all: final.length,
            met: final.filter((row) => row.is_met).length,
            month: monthName(final.at(-1).month),
          },
        ]
      : ["say_plan_none", {}],
  };
};

// A sentence of a check; what an earlier version published has fewer.
const saidBy = (check, name) =>
  (state.language === "ja" && check[`${name}_ja`]) || check[name] || "";

figures.checks = () => {
  const checks = page.facts.checks;
  const failed = checks.filter((check) => !check.passed);
  const rows = [...failed, ...checks.filter((check) => check.passed)].map((check) => ({
    label: check.name,
    table: check.table,
    state: word(check.passed ? "passed" : "warns"),
    count: check.count,
    since: check.failing_since ?? "",
    owner: check.owner,
    protects: saidBy(check, "protects"),
    what_to_do: check.passed ? "" : `${saidBy(check, "what_to_do")} ${word("do_look")}`.trim(),
    is_failing: !check.passed,
  }));
  return {
    rows,
    say: checks.length
      ? [
          "say_checks",
          {
            all: count(checks.length),
            passed: count(checks.length - failed.length),
            failed: count(failed.length),
          },
        ]
      : ["say_checks_none", {}],
  };
};

figures.tables = () => {
  const { coverage } = cube.tables;
  const rows = Object.entries(page.facts.tables).map(([name, fates]) => {
    const place = coverage.table.indexOf(name);
    return {
      label: name,
      ...fates,
      first_day: place < 0 ? "" : coverage.first_day[place],
      last_day: place < 0 ? "" : coverage.last_day[place],
    };
  });
  const sum = (field) => rows.reduce((all, row) => all + (row[field] ?? 0), 0);
  const latest = coverage.last_day.reduce((a, b) => (b > a ? b : a), "");
  const isKnown = rows.some((row) => "unread" in row);
  return {
    rows,
    say: [
      isKnown ? "say_tables" : "say_tables_short",
      {
        raw: count(sum("raw_rows")),
        quarantined: count(sum("quarantined")),
        unread: count(sum("unread")),
        day: latest || GAP,
      },
    ],
  };
};

figures.history = () => {
  const table = cube.tables.history;
  const rows = table.field
    .map((field, row) => ({
      // Rows of a table that holds no changes of fields are under `*`.
      label: `${table.table[row]}${field === "*" ? "" : `.${field}`}`,
      changes: table.changes[row],
      first_day: table.first_day[row] ?? "",
      last_day: table.last_day[row] ?? "",
      kept_days: table.kept_days[row],
      days_until_lost: table.days_until_lost[row],
      changes_gone: table.changes_gone[row],
      is_failing: table.is_at_risk[row] === 1,
    }))
    .sort(
      (a, b) =>
        (a.days_until_lost ?? Infinity) - (b.days_until_lost ?? Infinity) ||
        (a.label < b.label ? -1 : 1),
    );
  if (!rows.length) return { rows, say: ["say_history_none", {}] };
  const first = rows[0];
  const values = {
    gone: count(rows.reduce((sum, row) => sum + row.changes_gone, 0)),
    field: first.label,
    days: count(first.days_until_lost ?? 0),
  };
  if (first.days_until_lost == null) return { rows, say: ["say_history_kept", values] };
  return {
    rows,
    say: [first.days_until_lost < 0 ? "say_history_lost" : "say_history", values],
  };
};

figures.quarantine = () => {
  const table = cube.tables.quarantine;
  const rows = table.rule
    .map((rule, row) => ({
      rule,
      table: table.table[row],
      label: `${rule} · ${table.table[row]}`,
      rows: table.rows[row],
      text: count(table.rows[row]),
      tip: lines(rule, table.table[row], count(table.rows[row])),
    }))
    .sort((a, b) => b.rows - a.rows || (a.label < b.label ? -1 : 1));
  if (!rows.length) return { rows, say: ["say_quarantine_none", {}] };
  return {
    rows,
    say: [
      "say_quarantine",
      {
        n: count(rows.reduce((sum, row) => sum + row.rows, 0)),
        rule: rows[0].rule,
        table: rows[0].table,
      },
    ],
  };
};
