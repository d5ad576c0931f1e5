// The cube, what is chosen of it, and sums over what is chosen.

const page = JSON.parse(document.getElementById("page").textContent);
const DIMENSIONS = ["channel", "team", "campaign", "version"];

// What an element of the page holds, unzipped.
async function unzipped(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function unpackedCube() {
  const cube = JSON.parse(await unzipped("cube"));
  for (const [name, table] of Object.entries(cube.tables)) {
    if (table.counts) cube.tables[name] = unpackedTable(table);
  }
  return cube;
}

// A table by cell: running sums of its steps, and each row's counts by their number.
function unpackedTable({ steps, counts, columns }) {
  const table = { ...columns };
  for (const [name, values] of Object.entries(steps)) {
    let sum = 0;
    table[name] = values.map((step) => (sum += step));
  }
  counts.names.forEach((name, place) => {
    table[name] = counts.rows.map((row) => counts.often[row][place]);
  });
  return table;
}

// What is chosen. Values are places in cube.values; an empty set chooses all.
const state = {
  language: document.documentElement.lang,
  from: 0,
  to: 0,
  channel: new Set(),
  team: new Set(),
  campaign: new Set(),
  version: new Set(),
  model: "",
};

let cube;
let cellIsChosen;

function isChosen(dimension, place) {
  return !state[dimension].size || state[dimension].has(place);
}

function isInPeriod(month) {
  return month !== null && month >= state.from && month <= state.to;
}

function choose() {
  const cells = cube.cells;
  cellIsChosen = Uint8Array.from(cells.month, (month, cell) =>
    isInPeriod(month) && DIMENSIONS.every((name) => isChosen(name, cells[name][cell]))
      ? 1
      : 0,
  );
}

function sizeOf(table) {
  return Object.values(table)[0].length;
}

// Sums of the columns by a key of each row; a row without one takes no part.
function sumsBy(name, keyOf, columns) {
  const table = cube.tables[name];
  const values = columns.map((column) => table[column]);
  const found = new Map();
  const size = sizeOf(table);
  for (let row = 0; row < size; row += 1) {
    if (table.cell && !cellIsChosen[table.cell[row]]) continue;
    const key = keyOf(row, table);
    if (key === undefined) continue;
    let sums = found.get(key);
    if (!sums) {
      sums = new Float64Array(columns.length);
      found.set(key, sums);
    }
    for (let place = 0; place < values.length; place += 1) {
      sums[place] += values[place][row] || 0;
    }
  }
  for (const [key, sums] of found) {
    found.set(key, Object.fromEntries(columns.map((column, i) => [column, sums[i]])));
  }
  return found;
}

function total(name, columns) {
  return (
    sumsBy(name, () => "", columns).get("") ??
    Object.fromEntries(columns.map((column) => [column, 0]))
  );
}

function cellColumn(name) {
  return (row, table) => cube.cells[name][table.cell[row]];
}

const HANDOFFS = () =>
  Object.keys(cube.tables.handoffs).filter((name) => name !== "cell" && name !== "owner");

function handoffsBy(keyOf) {
  return sumsBy("handoffs", keyOf, HANDOFFS());
}

function allHandoffs() {
  return total("handoffs", HANDOFFS());
}

// Rates. What is divided by what comes from dbt's metrics.

const Z = 1.959963984540054;

function wilson(part, whole) {
  if (!(whole > 0)) return [null, null];
  const middle = part + (Z * Z) / 2;
  const spread = Z * Math.sqrt((part * (whole - part)) / whole + (Z * Z) / 4);
  return [
    Math.max(0, (middle - spread) / (whole + Z * Z)),
    Math.min(1, (middle + spread) / (whole + Z * Z)),
  ];
}

function side(signed, sums) {
  return Object.entries(signed).reduce(
    (sum, [column, sign]) => sum + sign * sums[column],
    0,
  );
}

function share(part, whole) {
  return whole > 0 ? part / whole : null;
}

// A rate of the metrics with its interval, as fields of a row.
function rated(metric, sums, field = metric) {
  const [part, whole] = page.formulas[metric].map((signed) => side(signed, sums));
  const [lower, upper] = wilson(part, whole);
  return {
    [field]: share(part, whole),
    [`${field}_lower`]: lower,
    [`${field}_upper`]: upper,
  };
}

// Where the SAL rate of these hand-offs will end, as mart_funnel_monthly has it.
function projection(sums) {
  const { handed_off: all, accepted, pending } = sums;
  if (!all || sums.pending_without_curve > 0) {
    return { projected: null, projected_lower: null, projected_upper: null };
  }
  const middle = accepted + sums.expected_acceptances;
  const margin = Z * Math.sqrt(sums.expected_variance + sums.expected_curve_error ** 2);
  return {
    projected: middle / all,
    projected_lower: Math.max(accepted, middle - margin) / all,
    projected_upper: Math.min(accepted + pending, middle + margin) / all,
  };
}

// Whether two shares differ by more than chance (95 %).
function differ(a, sizeOfA, b, sizeOfB) {
  const error = Math.sqrt((a * (1 - a)) / sizeOfA + (b * (1 - b)) / sizeOfB);
  return error > 0 && Math.abs(a - b) / error > Z;
}
