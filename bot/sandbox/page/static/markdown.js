// Discord's markdown as a tree of plain values. Knows no DOM: what it makes is drawn by prose.js.

const DEEPEST = 12;
const PUNCTUATION = /[^\p{L}\p{N}\s]/u;
const ADDRESS = /https?:\/\/[^\s<\]]*[^\s<.,:;"'()\]]/y;
const ANGLED = [
  [/<@!?(\d{1,20})>/y, ([, id]) => ({ kind: "user", id })],
  [/<@&(\d{1,20})>/y, ([, id]) => ({ kind: "role", id })],
  [/<#(\d{1,20})>/y, ([, id]) => ({ kind: "channel", id })],
  [/<\/([-_\p{L}\p{N} ]{1,100}):(\d{1,20})>/uy, ([, name]) => ({ kind: "command", name })],
  [/<id:(customize|browse|guide|linked-roles)>/y, ([, place]) => ({ kind: "place", place })],
  [/<a?:(\w{2,32}):(\d{1,20})>/y, ([, name]) => ({ kind: "emoji", name })],
  [/<t:(-?\d{1,17})(?::([a-zA-Z]))?>/y, moment],
  [/<(https?:\/\/[^\s<>]+)>/y, ([, url]) => ({ kind: "link", url, children: [text(url)] })],
];
const PAIRS = [
  ["**", "bold"],
  ["__", "underline"],
  ["~~", "strike"],
  ["||", "spoiler"],
  ["*", "italic"],
  ["_", "italic"],
];
const LIST_LINE = /^( *)(?:([-*])|(\d{1,10})\.) +(.*)$/;

/** A whole text: blocks, and what stands in them. */
export function parse(source) {
  return blocks(String(source).replace(/\r\n?/g, "\n"), 0, true);
}

/** One line without blocks, as in an embed's title. */
export function parseInline(source) {
  return inline(String(source), 0);
}

function text(value) {
  return { kind: "text", value };
}

function moment([whole, seconds, style]) {
  return { kind: "moment", seconds: Number(seconds), style: style ?? "f", source: whole };
}

// blocks

function blocks(source, depth, quotes) {
  const found = [];
  let from = 0;
  while (from < source.length) {
    const [node, to] = block(source, from, depth, quotes);
    if (node) found.push(node);
    from = to;
  }
  return merged(found);
}

function block(source, from, depth, quotes) {
  const fence = codeBlock(source, from);
  if (fence) return fence;
  if (quotes && source.startsWith(">>> ", from)) {
    return [quote(source.slice(from + 4), depth), source.length];
  }
  if (quotes && source.startsWith("> ", from)) return quotedLines(source, from, depth);
  const end = lineEnd(source, from);
  const line = source.slice(from, end);
  const head = /^(#{1,3}|-#) +(?=\S)/.exec(line);
  if (head) {
    const level = head[1] === "-#" ? 0 : head[1].length;
    return [
      { kind: "heading", level, children: inline(line.slice(head[0].length), depth) },
      end + 1,
    ];
  }
  if (LIST_LINE.test(line)) return list(source, from, depth);
  return paragraph(source, from, depth, quotes);
}

function lineEnd(source, from) {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}

function codeBlock(source, from) {
  if (!source.startsWith("```", from)) return null;
  const close = source.indexOf("```", from + 3);
  if (close < 0 || close === from + 3) return null;
  const inside = source.slice(from + 3, close);
  const language = /^([\w+.#-]{1,20})\n/.exec(inside);
  const code = language ? inside.slice(language[0].length) : inside.replace(/^\n/, "");
  const after = close + 3 + (source[close + 3] === "\n" ? 1 : 0);
  const node = { kind: "codeblock", language: language?.[1] ?? "", value: code.replace(/\n$/, "") };
  return [node, after];
}

function quote(source, depth) {
  const children = depth < DEEPEST ? blocks(source, depth + 1, false) : [text(source)];
  return { kind: "quote", children };
}

function quotedLines(source, from, depth) {
  const lines = [];
  let at = from;
  while (
    at < source.length &&
    (source.startsWith("> ", at) || /^>(\n|$)/.test(source.slice(at, at + 2)))
  ) {
    const end = lineEnd(source, at);
    lines.push(source.slice(at + 2, end));
    at = end + 1;
  }
  return [quote(lines.join("\n"), depth), at];
}

function list(source, from, depth) {
  const items = [];
  const first = LIST_LINE.exec(source.slice(from, lineEnd(source, from)));
  const node = { kind: "list", start: first[3] ? Number(first[3]) : null, items };
  let at = from;
  while (at < source.length) {
    const end = lineEnd(source, at);
    const line = source.slice(at, end);
    const match = LIST_LINE.exec(line);
    if (!match) break;
    const deeper = match[1].length > first[1].length + 1;
    if (deeper && items.length && depth < DEEPEST) {
      const [inner, after] = list(source, at, depth + 1);
      items.at(-1).push(inner);
      at = after;
      continue;
    }
    if (match[1].length + 1 < first[1].length) break;
    items.push(inline(match[4], depth));
    at = end + 1;
  }
  return [node, at];
}

/** Lines up to the next block; inline marks may reach over their ends. */
function paragraph(source, from, depth, quotes) {
  let end = lineEnd(source, from);
  while (end < source.length && !startsBlock(source, end + 1, quotes))
    end = lineEnd(source, end + 1);
  const fence = source.slice(from, end).indexOf("```", 1);
  if (fence > 0 && codeBlock(source, from + fence)) {
    return [
      { kind: "inline", children: inline(source.slice(from, from + fence), depth) },
      from + fence,
    ];
  }
  const broken = end < source.length ? "\n" : "";
  return [{ kind: "inline", children: inline(source.slice(from, end) + broken, depth) }, end + 1];
}

function startsBlock(source, at, quotes) {
  if (codeBlock(source, at)) return true;
  const line = source.slice(at, lineEnd(source, at));
  return (quotes && /^>(>>)? /.test(line)) || /^(#{1,3}|-#) +\S/.test(line) || LIST_LINE.test(line);
}

function merged(nodes) {
  return nodes.flatMap((node) => (node.kind === "inline" ? node.children : [node]));
}

// inline

function inline(source, depth) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < source.length) {
    const hit = span(source, at, depth);
    if (hit && hit[0].kind !== "text") {
      if (plain) nodes.push(text(plain));
      plain = "";
      nodes.push(hit[0]);
    } else plain += hit ? hit[0].value : source[at];
    at = hit ? hit[1] : at + 1;
  }
  if (plain) nodes.push(text(plain));
  return nodes;
}

function span(source, at, depth) {
  const char = source[at];
  if (char === "\\") return escaped(source, at);
  if (char === "`") return codeSpan(source, at);
  if (char === "<") return angled(source, at);
  if (char === "@") return everyone(source, at);
  if (char === "h") return bareLink(source, at);
  if (depth >= DEEPEST) return null;
  if (char === "[") return maskedLink(source, at, depth);
  for (const [mark, kind] of PAIRS) {
    if (source.startsWith(mark, at)) {
      const hit = paired(source, at, mark, kind, depth);
      if (hit) return hit;
    }
  }
  return null;
}

function escaped(source, at) {
  const next = source[at + 1] ?? "";
  return PUNCTUATION.test(next) ? [text(next), at + 2] : null;
}

function codeSpan(source, at) {
  const ticks = /`+/y;
  ticks.lastIndex = at;
  const [run] = ticks.exec(source);
  let close = at + run.length;
  while ((close = source.indexOf(run, close)) >= 0) {
    let end = close;
    while (source[end] === "`") end += 1;
    if (end - close === run.length) {
      const value = source.slice(at + run.length, close);
      return [{ kind: "code", value: /^ .*\S.* $/s.test(value) ? value.slice(1, -1) : value }, end];
    }
    close = end;
  }
  return [text(run), at + run.length];
}

function angled(source, at) {
  for (const [pattern, make] of ANGLED) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) return [make(match), at + match[0].length];
  }
  return null;
}

function everyone(source, at) {
  const match = /^@(everyone|here)\b/.exec(source.slice(at, at + 10));
  return match ? [{ kind: "everyone", name: match[1] }, at + match[0].length] : null;
}

function bareLink(source, at) {
  ADDRESS.lastIndex = at;
  const match = ADDRESS.exec(source);
  if (!match) return null;
  return [{ kind: "link", url: match[0], children: [text(match[0])] }, at + match[0].length];
}

/** `[words](https://... "title")`; words that are an address themselves mask nothing. */
function maskedLink(source, at, depth) {
  const close = closing(source, at + 1, "]");
  if (close < 0 || source[close + 1] !== "(") return null;
  const target =
    /^\(<?(https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+"[^"\n]{0,500}")?\)/.exec(
      source.slice(close + 1, close + 4000),
    );
  const words = source.slice(at + 1, close);
  if (!target || !words.trim() || /https?:\/\//.test(words)) return null;
  const children = inline(words, depth + 1);
  return [{ kind: "link", url: target[1], children }, close + 1 + target[0].length];
}

function paired(source, at, mark, kind, depth) {
  const from = at + mark.length;
  const single = mark.length === 1;
  if (single && /\s|^$/.test(source[from] ?? "")) return null;
  if (mark === "_" && /[\p{L}\p{N}]/u.test(source[at - 1] ?? "")) return null;
  let to = closing(source, from, mark);
  if (to <= from) return null;
  const inside = source.slice(from, to);
  if (mark === "*" && /\s$/.test(inside)) return null;
  if (mark === "_" && /[\p{L}\p{N}]/u.test(source[to + 1] ?? "")) return null;
  return [{ kind, children: inline(inside, depth + 1) }, to + mark.length];
}

/** Where this mark stands next, unescaped; a doubled one is not a single one. -1 = nowhere. */
function closing(source, from, mark) {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source.startsWith(mark, at)) {
      if (mark === "]") return at;
      let end = at;
      while (source[end] === mark[0]) end += 1;
      const run = end - at;
      if (mark.length === 1 && run === 2) at = end - 1;
      else if (run >= mark.length) return end - mark.length;
    }
  }
  return -1;
}
