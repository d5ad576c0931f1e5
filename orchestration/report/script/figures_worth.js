// Rows and sentences of speed, SLA, score, spend, plan and data quality.

const ENOUGH_ANSWERED = 20;

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
  const [worst] = rows
    .filter((row) => !row.is_small)
    .sort((a, b) => b.mean_hours - a.mean_hours);
  return {
    rows,
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
      ...sums,
      cost: share(sums.spend, sums.sals),
      cost_with_allocated: share(sums.with_allocated, sums.sals),
      choose: isShared ? undefined : { dimension, place },
    };
    for (const name of Object.keys(all)) all[name] += sums[name];
    row.text =
      row.cost_with_allocated === null
        ? GAP
        : `${money(row.cost_with_allocated)}  ·  ${tenth(row.sals)} SAL`;
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
    protects: check.passed ? check.protects : `${check.protects} ${word("do_look")}`,
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
