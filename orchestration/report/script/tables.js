// Tables beside the charts: every row of a figure, to be copied or kept as CSV.

const MOST_ROWS = 200;
const results = {};

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// What a word means: dbt's description, and of a ratio what is divided by what.
function definitionOf(key) {
  const found = page.words[key];
  if (!found?.definition) return "";
  const ratio =
    found.parts && state.language === "ja"
      ? `${found.ja} = ${word("formula", { a: found.parts[0], b: found.parts[1] })}`
      : "";
  const text = state.language === "ja" && found.definition_ja;
  return lines(found[state.language], ratio, text || found.definition);
}

function heading(column) {
  const name = word(column.word);
  const definition = definitionOf(column.word);
  const { link } = page.words[column.word];
  const more = link
    ? [" ", element("a", { href: link, "aria-label": `${name} ↗` }, "↗")]
    : [];
  if (!definition) return [name, ...more];
  return [
    element("button", { type: "button", class: "term", "data-word": column.word }, name),
    ...more,
  ];
}

const NUMBERS = ["count", "rate", "interval", "money", "hours", "number"];

function fillTable(name, figure, result) {
  const table = document.getElementById(`table-${name}`);
  const head = element(
    "tr",
    {},
    ...figure.columns.map((column) =>
      element(
        "th",
        { scope: "col", class: NUMBERS.includes(column.kind) ? "number" : undefined },
        ...heading(column),
      ),
    ),
  );
  const body = result.rows.slice(0, MOST_ROWS).map((row) =>
    element(
      "tr",
      { class: row.is_failing ? "failing" : row.is_small ? "small" : undefined },
      ...figure.columns.map((column, place) => cell(column, place, row)),
    ),
  );
  table.replaceChildren(
    element("caption", {}, word("table_of", { name: word(`figure_${name}`) })),
    element("thead", {}, head),
    element("tbody", {}, ...body),
  );
  const all = result.rows.length;
  const more = document.getElementById(`more-${name}`);
  more.textContent =
    all > MOST_ROWS ? word("more_rows", { n: count(MOST_ROWS), all: count(all) }) : "";
}

function cell(column, place, row) {
  const text = shown(column.kind, row[column.name], row, column.name);
  if (place === 0 && row.choose) {
    const button = element(
      "button",
      {
        type: "button",
        class: "choose",
        title: word("choose", { name: text }),
        onclick: () => toggle(row.choose),
      },
      text,
    );
    return element("th", { scope: "row" }, button);
  }
  const isNumber = NUMBERS.includes(column.kind);
  return element(
    place === 0 ? "th" : "td",
    {
      scope: place === 0 ? "row" : undefined,
      class: isNumber ? "number" : column.kind === "day" ? "day" : undefined,
      "data-word": column.word,
    },
    text,
  );
}

// Numbers as they are, not as they are shown; an interval is two columns.
function asText(name, separator) {
  const { columns } = page.figures[name];
  const flat = columns.flatMap((column) =>
    column.kind === "interval"
      ? ["lower", "upper"].map((end) => ({
          name: `${column.name}_${end}`,
          title: `${word(columns.find((each) => each.name === column.name).word)} ${end}`,
        }))
      : [{ name: column.name, title: word(column.word) }],
  );
  const quoted = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    // A spreadsheet takes what begins so for a formula.
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return separator === "," && /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [
    flat.map((column) => quoted(column.title)).join(separator),
    ...results[name].rows.map((row) =>
      flat.map((column) => quoted(row[column.name])).join(separator),
    ),
  ].join("\r\n");
}

async function copyTable(name, button) {
  const text = asText(name, "\t");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = element("textarea", { class: "offscreen" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  button.textContent = word("copied");
  setTimeout(() => (button.textContent = word("copy")), 2000);
}

function saveTable(name) {
  // With the mark by which Excel knows UTF-8.
  const blob = new Blob(["\ufeff", asText(name, ","), "\r\n"], { type: "text/csv" });
  const link = element("a", {
    href: URL.createObjectURL(blob),
    download: `lead_funnel_${name}.csv`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
