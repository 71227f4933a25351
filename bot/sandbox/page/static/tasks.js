// The image API's side: every submission with its state, price and story, and what it all cost.

import { element, fill } from "./element.js";
import { clockText } from "./timestamps.js";

/** The list of submissions, newest first, under the ledger's sum. */
export class Tasks {
  constructor(host) {
    this.nodes = new Map();
    this.ledger = element("dl", { class: "ledger" });
    this.none = element(
      "p",
      { class: "quiet" },
      "No picture was asked for yet. Each request to the image API will stand here with its price.",
    );
    this.list = element("ol", {
      class: "tasks",
      role: "list",
      "aria-label": "Submissions, newest first",
    });
    host.append(this.ledger, this.none, this.list);
  }

  /** Take a push of tasks and sums. */
  take({ reset, tasks, ledger, balance }) {
    if (reset) {
      this.nodes.clear();
      fill(this.list);
    }
    for (const task of tasks) this.put(task);
    this.none.hidden = this.nodes.size > 0;
    const figures = [
      ["Posted", ledger.posts],
      ["Charged", ledger.charged],
      ["Sum", money(ledger.sum_usd)],
    ];
    if (balance)
      figures.push(["Balance", money(balance.total_usd)], ["Held", money(balance.frozen_usd)]);
    fill(
      this.ledger,
      figures.map(([name, value]) =>
        element("div", {}, element("dt", {}, name), element("dd", {}, value)),
      ),
    );
  }

  put(task) {
    const node = taskNode(task);
    const old = this.nodes.get(task.number);
    this.nodes.set(task.number, node);
    if (old) old.replaceWith(node);
    else this.list.prepend(node);
  }
}

/** An amount of dollars; fractions of a cent are shown when there are any. */
export function money(usd) {
  if (typeof usd !== "number") return "–";
  return `$${usd.toFixed(Math.abs(usd * 100 - Math.round(usd * 100)) < 1e-6 ? 2 : 4)}`;
}

function taskNode(task) {
  const sources = task.sources
    ? `${task.sources} ${task.sources === 1 ? "image" : "images"} in`
    : null;
  const facts = [task.model, task.aspect_ratio, sources, `${task.gets} reads`, task.id];
  const price = `${money(task.price_usd)} ${task.charged ? "charged" : "not charged"}`;
  return element(
    "li",
    { class: `task state-${task.state}` },
    element(
      "div",
      { class: "task-head" },
      element("span", { class: "state" }, task.state),
      element("span", { class: "task-number" }, `Submission ${task.number}`),
      element("span", { class: "task-price" }, price),
    ),
    element("p", { class: "task-prompt" }, task.prompt),
    element("p", { class: "quiet task-facts" }, facts.filter(Boolean).join(" · ")),
    task.fail && element("p", { class: "task-fail" }, task.fail),
    element(
      "ol",
      { class: "timeline", role: "list", "aria-label": "Story" },
      step(task.at, `POST: ${task.outcome}`),
      (task.timeline ?? []).map((one) => step(one.at, one.what)),
    ),
  );
}

function step(at, what) {
  return element(
    "li",
    {},
    element("span", { class: "wire-time" }, clockText(at)),
    element("span", {}, what),
  );
}
