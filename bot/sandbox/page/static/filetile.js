// A file that goes along: its picture, its name, and a button that takes it out again.

import { element, fill, icon } from "./element.js";
import { fileSize } from "./media.js";
import { complain } from "./notices.js";
import { upload } from "./uploads.js";
import { world } from "./world.js";

/**
 * A tile for a file, which is sent to the sandbox at once.
 *
 * `ready` gives the upload's id, or null when it was refused; `removed` is called when it is taken
 * out by hand or was refused.
 */
export function fileTile(file, removed) {
  const preview = element("span", { class: "tile-preview" }, icon("file", 26));
  const address = showPicture(file, preview);
  const state = element("span", { class: "quiet" }, "Sending…");
  const remove = element(
    "button",
    { type: "button", class: "icon-button tile-remove", "aria-label": `Remove ${file.name}` },
    icon("close", 16),
  );
  const node = element(
    "div",
    { class: "tile" },
    preview,
    element("span", { class: "tile-name", title: file.name }, file.name),
    state,
    remove,
  );
  const take = () => {
    if (address) URL.revokeObjectURL(address);
    node.remove();
    removed?.();
  };
  remove.addEventListener("click", take);
  return { node, file, ready: send(file, state, take) };
}

async function send(file, state, take) {
  try {
    const sent = await upload(file, world.limits.upload_bytes);
    fill(state, fileSize(sent.size));
    return sent.upload;
  } catch (error) {
    complain(error.message);
    take();
    return null;
  }
}

function showPicture(file, preview) {
  if (!/^image\/(png|jpeg|webp|gif)$/.test(file.type)) return null;
  const address = URL.createObjectURL(file);
  fill(preview, element("img", { src: address, alt: "" }));
  return address;
}
