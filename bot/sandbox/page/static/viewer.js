// Pictures in full size, over everything; arrows walk through a message's pictures.

import { element, fill, icon } from "./element.js";

let dialog = null;
let pictures = [];
let shown = 0;

/** Show the pictures ({url, alt, name}) from the given one on. */
export function view(list, index) {
  pictures = list;
  dialog ??= build();
  show(index);
  dialog.showModal();
}

function build() {
  const node = element("dialog", { class: "viewer", "aria-label": "Picture in full size" });
  node.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(shown + 1);
    if (event.key === "ArrowLeft") show(shown - 1);
  });
  node.addEventListener("click", (event) => {
    if (event.target === node || event.target.classList.contains("viewer-stage")) node.close();
  });
  document.body.append(node);
  return node;
}

function show(index) {
  shown = (index + pictures.length) % pictures.length;
  const { url, alt, name } = pictures[shown];
  const several = pictures.length > 1;
  fill(
    dialog,
    element("div", { class: "viewer-stage" }, element("img", { src: url, alt: alt || name })),
    element(
      "div",
      { class: "viewer-bar" },
      element("p", { class: "viewer-text" }, alt || name),
      several && turn("Previous picture", -1, "‹"),
      several && element("span", { class: "viewer-count" }, `${shown + 1} / ${pictures.length}`),
      several && turn("Next picture", 1, "›"),
      element(
        "a",
        { class: "button secondary", href: url, target: "_blank", rel: "noopener" },
        icon("open", 16),
        "Open original",
      ),
      closeButton(),
    ),
  );
}

function turn(label, step, sign) {
  return element(
    "button",
    {
      type: "button",
      class: "button secondary",
      "aria-label": label,
      on: { click: () => show(shown + step) },
    },
    sign,
  );
}

function closeButton() {
  return element(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Close",
      autofocus: true,
      on: { click: () => dialog.close() },
    },
    icon("close"),
  );
}
