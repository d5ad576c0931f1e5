// Charts: Vega-Lite's specifications in the words and colours of the page.

const views = new Map();
const MOST_BARS = 15;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// Words (`w:`) and colours (`c:`) stand in the specifications as marks.
function inWords(value) {
  if (Array.isArray(value)) return value.map(inWords);
  if (value && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, inWords(each)]),
    );
  }
  if (typeof value !== "string") return value;
  if (/^w:\w+$/.test(value)) return word(value.slice(2));
  if (/^c:\w+$/.test(value)) return colour(value.slice(2));
  return value.replace(/'w:(\w+)'/g, (mark, key) => JSON.stringify(word(key)));
}

function look() {
  const [ink, muted, line] = ["ink", "muted", "line"].map(colour);
  return {
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: muted,
      gridColor: line,
      domainColor: line,
      tickColor: line,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: "normal",
      labelLimit: innerWidth < 600 ? 120 : 340,
    },
    legend: { labelColor: ink, titleColor: muted, labelFontSize: 12, titleFontSize: 12 },
    range: {
      category: ["ink", "blue", "orange", "green", "purple", "sky", "grey"].map(colour),
    },
    text: { fontSize: 12 },
    aria: false,
  };
}

// Only so many bars are drawn; the table has all.
function drawnOf(figure, chart, result) {
  const rows = result.charts?.[chart.name] ?? result.rows;
  return figure.bars && rows.length > MOST_BARS ? rows.slice(0, MOST_BARS) : rows;
}

async function drawChart(chart, rows) {
  const box = document.getElementById(`chart-${chart.name}`);
  const data = rows.map((row) => ({ ...row }));
  const known = views.get(chart.name);
  if (known) {
    await known.data("rows", data).runAsync();
    return;
  }
  const spec = inWords(page.specs[chart.name]);
  if (innerWidth < 600) limitLabels(spec);
  spec.autosize = { type: "fit-x", contains: "padding" };
  spec.datasets = { rows: data };
  const { view } = await vegaEmbed(box, spec, {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    defaultStyle: false,
    // Errors alone: Vega-Lite tells of every height that it works out itself.
    logLevel: 1,
    config: look(),
    tooltip: showTip,
    // Expressions are read and not compiled, so the page needs no eval.
    ast: true,
    hover: true,
  });
  // The box is the picture, with a name; the table is what can be read of it.
  box.querySelector("svg").setAttribute("aria-hidden", "true");
  view.addEventListener("click", (event, item) => {
    if (item?.datum?.choose) toggle(item.datum.choose);
  });
  views.set(chart.name, view);
}

function limitLabels(spec) {
  for (const layer of [spec, ...(spec.layer ?? [])]) {
    if (layer.encoding?.y?.axis?.labelLimit) layer.encoding.y.axis.labelLimit = 110;
  }
}

function forgetCharts() {
  for (const view of views.values()) view.finalize();
  views.clear();
}

const tip = document.getElementById("tip");

function showTip(handler, event, item, text) {
  if (!text) {
    tip.hidden = true;
    return;
  }
  showTipAt(String(text), event.clientX, event.clientY);
}

function showTipAt(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18}px`;
}
