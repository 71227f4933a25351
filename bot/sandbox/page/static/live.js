// The one connection to the sandbox: actions go out and are answered, pushes come in.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

/** A refusal of Discord's client or of the sandbox, in words for people. */
export class Refused extends Error {}

const listeners = new Map();
const waiting = new Map();
let socket = null;
let lastId = 0;
let waitMs = FIRST_WAIT_MS;

/** Call `listener` with every push of this kind; `connection` tells true and false. */
export function on(kind, listener) {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(listener);
}

/** Connect, and connect again whenever the connection ends. */
export function connect() {
  socket = new WebSocket(new URL("live", location.href).href.replace(/^http/, "ws"));
  socket.addEventListener("open", () => {
    waitMs = FIRST_WAIT_MS;
    tell("connection", true);
  });
  socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  socket.addEventListener("close", closed);
}

/** Do something; gives what the sandbox answers. Throws Refused with its sentence. */
export function act(what, values = {}) {
  if (socket?.readyState !== WebSocket.OPEN) {
    return Promise.reject(new Refused("The sandbox is not connected; it is being tried again."));
  }
  lastId += 1;
  const id = lastId;
  socket.send(JSON.stringify({ ...values, id, do: what }));
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

function receive(message) {
  if (message.push) {
    tell(message.push, message);
    return;
  }
  const one = waiting.get(message.re);
  if (!one) return;
  waiting.delete(message.re);
  if (message.ok) one.resolve(message.value);
  else one.reject(new Refused(message.error));
}

function closed() {
  for (const { reject } of waiting.values()) {
    reject(new Refused("The connection to the sandbox was lost before it answered."));
  }
  waiting.clear();
  tell("connection", false);
  setTimeout(connect, waitMs);
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

function tell(kind, value) {
  for (const listener of listeners.get(kind) ?? []) listener(value);
}
