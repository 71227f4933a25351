// Addresses that strangers wrote: shown as text, followed only when they are http or https.

import { element } from "./element.js";

/** The address when a browser may follow it, else null. */
export function safeAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link to somewhere else; just its text when the address is not one to follow. */
export function outsideLink(address, ...children) {
  const href = safeAddress(address);
  if (href === null) return element("span", {}, ...children);
  return element(
    "a",
    { href, target: "_blank", rel: "noopener noreferrer nofollow", class: "link", title: href },
    ...children,
  );
}
