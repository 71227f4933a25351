// Pictures and files of messages: galleries, single pictures, file cards.

import { element, icon } from "./element.js";
import { spoiler } from "./prose.js";
import { view } from "./viewer.js";

const SINGLE = { width: 540, height: 340 };

/** Whether the sandbox itself serves this address; nothing else is ever loaded. */
export function isOurs(url) {
  return typeof url === "string" && url.startsWith("files/");
}

/** Bytes as people read them. */
export function fileSize(bytes) {
  if (!(bytes >= 1024)) return `${bytes ?? 0} bytes`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** A message's attachments: the pictures as a gallery, everything else as cards. */
export function attachments(list) {
  const pictures = list.filter((one) => isPicture(one) && isOurs(one.url));
  const others = list.filter((one) => !pictures.includes(one));
  return [
    pictures.length > 0 && gallery(pictures.map(pictureOf)),
    ...others.map((one) => fileCard(one.filename, one.url, one.size, one.description)),
  ];
}

/** Pictures ({url, alt, name, width, height, spoiler}) side by side; each opens in full size. */
export function gallery(pictures) {
  const kind =
    pictures.length === 1 ? "gallery single" : `gallery of-${Math.min(pictures.length, 5)}`;
  const tiles = pictures.map((one, index) => tile(pictures, index));
  return element("div", { class: kind }, tiles);
}

/** One picture that opens in full size, or the address in words when it is not ours to load. */
export function picture(one, box = SINGLE) {
  if (!isOurs(one.url)) return elsewhere(one.url);
  const image = pictureNode(one);
  fit(image, one, box);
  return opener([one], 0, image);
}

/** A file to fetch. */
export function fileCard(name, url, size, description) {
  const details = [size === undefined ? null : fileSize(size), description]
    .filter(Boolean)
    .join(" · ");
  const label = isOurs(url)
    ? element("a", { href: url, download: name, class: "link" }, name)
    : element("span", {}, name);
  const words = element(
    "div",
    { class: "file-words" },
    label,
    element("div", { class: "quiet" }, details),
  );
  return element("div", { class: "file-card" }, icon("file", 28), words);
}

/** A media item of Components V2 as a picture. */
export function mediaPicture(item) {
  const media = item.media ?? {};
  const alt = item.description ?? "";
  return { ...media, alt, name: nameIn(media.url), spoiler: item.spoiler === true };
}

/** The last part of an address, without what follows it. */
export function nameIn(url) {
  return String(url ?? "")
    .split("?")[0]
    .split("/")
    .pop();
}

function isPicture(attachment) {
  return /^image\/(png|jpeg|webp|gif|avif)/.test(attachment.content_type ?? "");
}

function pictureOf({ url, description, filename, width, height }) {
  return {
    url,
    alt: description ?? "",
    name: filename,
    width,
    height,
    spoiler: filename.startsWith("SPOILER_"),
  };
}

function tile(pictures, index) {
  const one = pictures[index];
  if (!isOurs(one.url)) return elsewhere(one.url);
  const image = pictureNode(one);
  if (pictures.length === 1) fit(image, one, SINGLE);
  const shown = opener(
    pictures.filter(({ url }) => isOurs(url)),
    index,
    image,
  );
  return one.spoiler ? spoiler([shown], "Spoiler picture, press to reveal") : shown;
}

function pictureNode({ url, alt, name }) {
  return element("img", {
    src: url,
    alt: alt || `Picture ${name}`,
    loading: "lazy",
    draggable: false,
  });
}

/** Reserve the room before the picture is there, so that nothing jumps. */
function fit(image, { width, height }, box) {
  if (!width || !height) return;
  const scale = Math.min(1, box.width / width, box.height / height);
  image.width = Math.round(width * scale);
  image.height = Math.round(height * scale);
}

function opener(pictures, index, image) {
  const { alt, name } = pictures[index];
  const badge = alt
    ? element("span", { class: "alt-badge", title: alt, "aria-hidden": "true" }, "ALT")
    : null;
  const label = `Open picture: ${alt || name}`;
  const open = (event) => {
    event.stopPropagation();
    view(pictures, index);
  };
  return element(
    "button",
    { type: "button", class: "picture", "aria-label": label, on: { click: open } },
    image,
    badge,
  );
}

function elsewhere(url) {
  return element(
    "p",
    { class: "elsewhere" },
    "A picture on another host, not loaded: ",
    element("span", { class: "address" }, String(url)),
  );
}
