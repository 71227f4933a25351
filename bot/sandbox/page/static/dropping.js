// Files dragged onto the page go to whatever is being written.

import { element, fill } from "./element.js";
import { filesOf } from "./uploads.js";

/** Take drops anywhere in `area`; `where()` says what they will become, `put(files)` takes them. */
export function takeDrops(area, where, put) {
  const words = element("p");
  const veil = element("div", { class: "veil", hidden: true, "aria-hidden": "true" }, words);
  area.append(veil);
  let depth = 0;
  const carriesFiles = (event) => [...event.dataTransfer.types].includes("Files");
  area.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    fill(words, where());
    veil.hidden = false;
  });
  area.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    veil.hidden = depth === 0;
  });
  area.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  area.addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    if (!carriesFiles(event)) return;
    event.preventDefault();
    put(filesOf(event.dataTransfer));
  });
}
