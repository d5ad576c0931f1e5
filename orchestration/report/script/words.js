// Words and numbers in the language that is chosen.

const SMALL = 30;
const GAP = "–";

function word(key, values = {}) {
  const found = page.words[key];
  if (!found) throw new Error(`There is no word ${key}.`);
  return filled(found[state.language], values);
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (mark, name) =>
    name in values ? String(values[name]) : mark,
  );
}

const plain = {
  count: new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }),
  tenth: new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 }),
  number: new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 }),
};

function count(value) {
  return value === null || value === undefined ? GAP : plain.count.format(value);
}

function tenth(value) {
  return value === null || value === undefined ? GAP : plain.tenth.format(value);
}

function number(value) {
  if (value === null || value === undefined) return GAP;
  return Math.abs(value) >= 1000 ? tenth(value) : plain.number.format(value);
}

function percent(value) {
  return value === null || value === undefined ? GAP : `${(100 * value).toFixed(1)}%`;
}

function span(lower, upper) {
  if (lower === null || lower === undefined) return GAP;
  return `${(100 * lower).toFixed(1)}${GAP}${(100 * upper).toFixed(1)}%`;
}

function money(value) {
  if (value === null || value === undefined) return GAP;
  return `${plain.count.format(Math.round(value))} ${page.facts.currency}`;
}

function points(value) {
  return (100 * value).toFixed(1);
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function monthName(iso) {
  const [year, month] = iso.split("-").map(Number);
  return state.language === "ja" ? `${year}年${month}月` : `${MONTHS[month - 1]} ${year}`;
}

function shortMonth(iso) {
  const [year, month] = iso.split("-").map(Number);
  return state.language === "ja"
    ? `${year % 100}/${month}`
    : `${MONTHS[month - 1]} ${year % 100}`;
}

function shown(kind, value, row, name) {
  switch (kind) {
    case "count":
      return count(value);
    case "rate":
      return percent(value);
    case "interval":
      return span(row[`${name}_lower`], row[`${name}_upper`]);
    case "money":
      return money(value);
    case "hours":
      return tenth(value);
    case "number":
      return number(value);
    case "month":
      return value ? monthName(value) : GAP;
    default:
      return value === null || value === undefined || value === "" ? GAP : String(value);
  }
}

// What a value of a dimension is called.
function labelOf(dimension, place) {
  const value = cube.values[dimension][place];
  if (dimension === "owner") {
    if (value === "0") return word("nobody");
    return cube.labels.owner.en[value] || word("rep_number", { n: value });
  }
  if (value === "") return word(dimension === "team" ? "nobody" : "none");
  return cube.labels[dimension]?.[state.language]?.[value] ?? value;
}

function lines(...texts) {
  return texts.filter(Boolean).join("\n");
}
