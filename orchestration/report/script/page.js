// The page: filters, address, language, and drawing all of it anew.

const byId = (id) => document.getElementById(id);

function fillWords() {
  document.documentElement.lang = state.language;
  document.title = word("title");
  for (const each of document.querySelectorAll("[data-w]")) {
    each.textContent = word(each.dataset.w, each.dataset);
  }
  for (const each of document.querySelectorAll("[data-label]")) {
    each.setAttribute("aria-label", word(each.dataset.label));
  }
  for (const each of document.querySelectorAll("[data-chart]")) {
    each.setAttribute("aria-label", word(each.dataset.chart));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
  }
}

// Filters.

function fillFilters() {
  for (const [name, selected] of [
    ["from", state.from],
    ["to", state.to],
  ]) {
    byId(`filter-${name}`).replaceChildren(
      ...cube.values.month.map((month, place) =>
        element("option", { value: place, selected: place === selected }, monthName(month)),
      ),
    );
  }
  for (const dimension of DIMENSIONS) {
    const values = cube.values[dimension]
      .map((value, place) => ({ value, place, label: labelOf(dimension, place) }))
      .sort((a, b) => (a.value === "") - (b.value === "") || (a.label < b.label ? -1 : 1));
    byId(`filter-${dimension}`).replaceChildren(
      ...values.map(({ place, label }) => {
        const box = element("input", { type: "checkbox", value: place });
        box.checked = state[dimension].has(place);
        return element("label", {}, box, label);
      }),
    );
    const chosen = [...state[dimension]].map((place) => labelOf(dimension, place));
    const summary = byId(`chosen-${dimension}`);
    summary.textContent =
      chosen.length === 0
        ? word("all")
        : chosen.length === 1
          ? chosen[0]
          : word("chosen", { n: chosen.length });
    summary.closest("details").classList.toggle("active", chosen.length > 0);
  }
  const models = [...new Set(cube.tables.spend.model)].sort();
  const select = byId("filter-model");
  select.replaceChildren(
    ...models.map((model) =>
      element(
        "option",
        { value: model, selected: model === state.model },
        page.words[model] ? word(model) : model,
      ),
    ),
  );
}

function isFiltered(name) {
  if (name !== "month") return state[name].size > 0;
  return state.from > 0 || state.to < cube.values.month.length - 1;
}

// A click on a bar chooses it alone, a second one lets it go.
function toggle({ dimension, place }) {
  if (dimension === "month") {
    const isAlone = state.from === place && state.to === place;
    state.from = isAlone ? 0 : place;
    state.to = isAlone ? cube.values.month.length - 1 : place;
  } else {
    const isAlone = state[dimension].size === 1 && state[dimension].has(place);
    state[dimension] = new Set(isAlone ? [] : [place]);
  }
  changed();
}

function clearFilters() {
  state.from = 0;
  state.to = cube.values.month.length - 1;
  for (const dimension of DIMENSIONS) state[dimension].clear();
}

// The address.

function writeAddress() {
  const said = new URLSearchParams();
  const months = cube.values.month;
  if (state.from > 0) said.set("from", months[state.from].slice(0, 7));
  if (state.to < months.length - 1) said.set("to", months[state.to].slice(0, 7));
  for (const dimension of DIMENSIONS) {
    for (const place of [...state[dimension]].sort((a, b) => a - b)) {
      said.append(dimension, cube.values[dimension][place]);
    }
  }
  if (state.model !== page.facts.model) said.set("model", state.model);
  if (state.language !== page.facts.language) said.set("lang", state.language);
  const hash = said.toString();
  // A hash that names a chapter is no state, and stays where nothing is chosen.
  if (hash || location.hash.includes("=")) {
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }
}

function readAddress() {
  clearFilters();
  state.model = page.facts.model;
  state.language = page.facts.language;
  if (!location.hash.includes("=")) return;
  const said = new URLSearchParams(location.hash.slice(1));
  const month = (name, otherwise) => {
    const place = cube.values.month.findIndex((each) => each.startsWith(said.get(name)));
    return said.has(name) && place >= 0 ? place : otherwise;
  };
  state.from = month("from", state.from);
  state.to = Math.max(state.from, month("to", state.to));
  for (const dimension of DIMENSIONS) {
    for (const value of said.getAll(dimension)) {
      const place = cube.values[dimension].indexOf(value);
      if (place >= 0) state[dimension].add(place);
    }
  }
  if (cube.tables.spend.model.includes(said.get("model"))) state.model = said.get("model");
  if (["en", "ja"].includes(said.get("lang"))) state.language = said.get("lang");
}

// The head.

function fillHead() {
  const facts = page.facts;
  byId("as-of").textContent = facts.as_of ?? word("no_event");
  byId("definitions").replaceChildren(
    ...cube.definitions
      .filter(({ version }) => cube.values.version.includes(version))
      .map(({ version, ...in_words }) =>
        element("span", { class: "definition" }, `${version}: ${in_words[state.language].trim()}`),
      ),
  );
  const whatif = byId("whatif");
  whatif.hidden = !facts.funnel_version;
  if (facts.funnel_version) {
    whatif.textContent = word("whatif", { version: facts.funnel_version });
  }
  const sum = (field) =>
    Object.values(facts.tables).reduce((all, fates) => all + (fates[field] ?? 0), 0);
  const failed = facts.checks.filter((check) => !check.passed).length;
  const whole = (field) => cube.tables.handoffs[field].reduce((all, each) => all + each, 0);
  const [pending, withdrawn] = [whole("pending"), whole("withdrawn")];
  const first = cube.tables.coverage.first_day.reduce((a, b) => (b < a ? b : a), "9999");
  const said = [
    pending ? word("not_ripe", { n: count(pending) }) : "",
    withdrawn ? word("not_withdrawn", { n: count(withdrawn) }) : "",
    sum("unread")
      ? word("not_unread", { n: count(sum("unread")), all: count(sum("raw_rows")) })
      : "",
    word("not_quarantined", {
      n: count(cube.tables.quarantine.rows.reduce((all, each) => all + each, 0)),
    }),
    first === "9999" ? "" : word("not_before", { day: first }),
    facts.checks.length
      ? failed
        ? word("checks_failed", { n: count(failed), all: count(facts.checks.length) })
        : word("checks_passed", { all: count(facts.checks.length) })
      : "",
    facts.names_reps ? "" : word("not_reps"),
    word("not_personal"),
  ];
  byId("not-in-it").replaceChildren(
    ...said.filter(Boolean).map((text) => element("li", {}, text)),
  );
}

// Figures.

async function drawFigure(name) {
  const figure = page.figures[name];
  const result = figures[name]();
  results[name] = result;
  const isEmpty = !result.rows.length;
  byId(`say-${name}`).textContent = result.say
    ? word(...result.say)
    : isEmpty
      ? word("nothing")
      : "";
  const blind = figure.blind_to.filter((dimension) => dimension !== "" && isFiltered(dimension));
  const notes = [
    ...(result.notes ?? []),
    blind.length
      ? word("blind", {
          names: blind
            .map((each) => word(each === "month" ? "period" : each))
            .join(state.language === "ja" ? "・" : ", "),
        })
      : "",
    figure.bars && figure.charts.length && result.rows.length > MOST_BARS
      ? word("shown_first", { n: MOST_BARS, all: result.rows.length })
      : "",
  ];
  byId(`notes-${name}`).replaceChildren(
    ...notes.filter(Boolean).map((text) => element("span", {}, text)),
  );
  byId(`figure-${name}`).classList.toggle("empty", isEmpty);
  fillTable(name, figure, result);
  if (isEmpty) return;
  for (const chart of figure.charts) {
    await drawChart(chart, drawnOf(figure, chart, result));
  }
}

let drawing = Promise.resolve();

// Figures are drawn one after the other, those of the latest choice only.
function draw() {
  choose();
  const wanted = (draw.latest = (draw.latest ?? 0) + 1);
  document.body.setAttribute("aria-busy", "true");
  drawing = drawing.then(async () => {
    for (const name of Object.keys(page.figures)) {
      if (wanted !== draw.latest) return;
      await drawFigure(name);
    }
    if (wanted === draw.latest) document.body.setAttribute("aria-busy", "false");
  });
  return drawing;
}

function changed() {
  writeAddress();
  fillFilters();
  return draw();
}

function inLanguage() {
  forgetCharts();
  fillWords();
  fillFilters();
  fillHead();
  return draw();
}

// What the reader does.

function listen() {
  byId("filters").addEventListener("change", ({ target }) => {
    const { id, value } = target;
    if (id === "filter-from" || id === "filter-to") {
      state[id.slice(7)] = Number(value);
      if (state.from > state.to) {
        state[id === "filter-from" ? "to" : "from"] = Number(value);
      }
    } else if (id === "filter-model") {
      state.model = value;
    } else {
      const dimension = target.closest("fieldset").id.slice(7);
      const place = Number(value);
      if (target.checked) state[dimension].add(place);
      else state[dimension].delete(place);
      writeAddress();
      const box = target.closest("details");
      fillFilters();
      box.querySelector(`input[value="${place}"]`).focus();
      draw();
      return;
    }
    changed();
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("reset").addEventListener("click", () => {
    clearFilters();
    changed();
  });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      state.language = button.dataset.language;
      writeAddress();
      inLanguage();
    });
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copyTable(button.dataset.copy, button));
  }
  for (const button of document.querySelectorAll("[data-csv]")) {
    button.addEventListener("click", () => saveTable(button.dataset.csv));
  }
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return;
    const before = state.language;
    readAddress();
    if (state.language !== before) inLanguage();
    else {
      fillFilters();
      draw();
    }
  });
  // An open list of a filter closes where the reader goes elsewhere.
  document.addEventListener("click", ({ target }) => {
    for (const box of document.querySelectorAll("details.filter[open]")) {
      if (target.isConnected && !box.contains(target)) box.open = false;
    }
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    tip.hidden = true;
    const open = document.querySelector("details.filter[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    forgetCharts();
    draw();
  });
  for (const name of ["focusin", "mouseover", "click"]) {
    document.addEventListener(name, ({ target }) => {
      const said = target.closest?.("[data-word]");
      const text = said && definitionOf(said.dataset.word);
      if (!text) return;
      const box = said.getBoundingClientRect();
      showTipAt(text, box.left, box.bottom - 12);
    });
  }
  for (const name of ["focusout", "mouseout"]) {
    document.addEventListener(name, ({ target }) => {
      if (target.closest?.("[data-word]")) tip.hidden = true;
    });
  }
}

// Run a module that lies in the page. Only one from elsewhere tells by itself that
// it has run.
function run(text) {
  const script = document.createElement("script");
  script.type = "module";
  script.textContent = `${text}\ndispatchEvent(new Event("has-run"));`;
  return new Promise((done) => {
    addEventListener("has-run", done, { once: true });
    document.head.append(script);
  });
}

async function start() {
  if (!("DecompressionStream" in globalThis)) {
    byId("trouble").textContent = page.words.too_old[page.facts.language];
    return;
  }
  cube = await unpackedCube();
  await run(await unzipped("libraries"));
  readAddress();
  listen();
  await inLanguage();
  byId("trouble").hidden = true;
}

// For the browser's console: the rows of a figure as they are now.
globalThis.report = { rows: (name) => results[name].rows, state };

await start();
