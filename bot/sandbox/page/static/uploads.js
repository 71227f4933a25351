// Files on their way to the sandbox: chosen, dropped or pasted, sent at once, used by their id.

import { Refused } from "./live.js";

/** Send a file; gives {upload, name, type, size}. Throws Refused with a sentence. */
export async function upload(file, limit) {
  if (file.size > limit) {
    throw new Refused(`${file.name} is too large: at most ${Math.floor(limit / 1024 / 1024)} MB.`);
  }
  const address = new URL(`upload?name=${encodeURIComponent(file.name)}`, location.href);
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  let answer;
  try {
    const response = await fetch(address, { method: "POST", headers, body: file });
    answer = await response.json();
  } catch {
    throw new Refused(`${file.name} could not be sent to the sandbox.`);
  }
  if (answer.error) throw new Refused(answer.error);
  return answer;
}

/** The files of a drop or a paste; pasted pictures get a name of their own. */
export function filesOf(transfer) {
  return [...(transfer?.files ?? [])];
}

/** Let a person choose files. Gives an empty list when the dialog is left. */
export function chooseFiles({ several = false, accept = "" } = {}) {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = several;
  input.accept = accept;
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve([...input.files]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}
