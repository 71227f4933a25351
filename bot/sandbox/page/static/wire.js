// What crosses the wire: interactions with their answer times, REST calls, callbacks.

import { element, fill } from "./element.js";
import { clockText } from "./timestamps.js";

const MOST = 500;
const KINDS = {
  interaction: "Interaction",
  rest: "REST",
  gateway: "Gateway",
  cdn: "CDN",
  api: "Image API",
  callback: "Callback",
};

/** The list of exchanges, newest first, with a filter. */
export class Wire {
  constructor(host) {
    this.rows = new Map();
    this.filter = "";
    this.summary = element("p", { class: "quiet wire-summary" });
    this.list = element("ol", {
      class: "wire",
      role: "list",
      "aria-label": "Exchanges, newest first",
    });
    const choose = element(
      "select",
      { class: "form-input", "aria-label": "Show which exchanges" },
      element("option", { value: "" }, "Everything"),
      Object.entries(KINDS).map(([value, title]) => element("option", { value }, title)),
    );
    choose.addEventListener("change", () => {
      this.filter = choose.value;
      for (const node of this.list.children) this.hideOrShow(node);
    });
    host.append(element("div", { class: "wire-head" }, choose, this.summary), this.list);
  }

  /** Take a push of rows. */
  take({ reset, rows }) {
    if (reset) {
      this.rows.clear();
      fill(this.list);
    }
    for (const row of rows) this.put(row);
    while (this.rows.size > MOST) this.forget(this.rows.keys().next().value);
    this.sumUp();
  }

  put(row) {
    const old = this.rows.get(row.n)?.node;
    const node = wireRow(row, old?.open ?? false);
    this.rows.set(row.n, { row, node });
    this.hideOrShow(node);
    if (old) old.replaceWith(node);
    else this.list.prepend(node);
  }

  forget(n) {
    this.rows.get(n).node.remove();
    this.rows.delete(n);
  }

  hideOrShow(node) {
    node.hidden = this.filter !== "" && node.dataset.kind !== this.filter;
  }

  sumUp() {
    const rows = [...this.rows.values()].map(({ row }) => row);
    const took = rows
      .filter((row) => row.kind === "interaction" && row.took_ms !== null)
      .map((row) => row.took_ms);
    took.sort((a, b) => a - b);
    const trouble = rows.filter((row) => row.ok === false).length;
    const middle = took.length
      ? `${took.length} interactions, half answered within ${Math.round(took[Math.floor((took.length - 1) / 2)])} ms, the slowest in ${Math.round(took.at(-1))} ms`
      : "No interaction yet";
    fill(this.summary, `${middle}. ${trouble} in trouble.`);
  }
}

function wireRow(row, open) {
  const took = typeof row.took_ms === "number" ? `${Math.round(row.took_ms)} ms` : "";
  const status = row.status === 0 ? "cut" : (row.status ?? "");
  const head = [
    element("span", { class: "wire-time" }, clockText(row.at)),
    element(
      "span",
      { class: `wire-kind kind-${row.kind in KINDS ? row.kind : "other"}` },
      KINDS[row.kind] ?? row.kind,
    ),
    element("span", { class: "wire-took" }, [status, took].filter((one) => one !== "").join(" · ")),
    element("span", { class: "wire-what" }, row.what),
    row.note && element("span", { class: "wire-note" }, row.note),
  ];
  const kind = row.ok === false ? "wire-row trouble" : "wire-row";
  const node = element("li", { class: kind, data: { kind: row.kind } });
  if (row.body === null || row.body === undefined) {
    node.append(element("div", { class: "wire-line" }, head));
    return node;
  }
  const body = element("pre", { tabIndex: 0 });
  const fold = element("details", { open }, element("summary", { class: "wire-line" }, head), body);
  const write = () => fold.open && fill(body, JSON.stringify(row.body, null, 2));
  fold.addEventListener("toggle", write);
  write();
  Object.defineProperty(node, "open", { get: () => fold.open });
  node.append(fold);
  return node;
}
