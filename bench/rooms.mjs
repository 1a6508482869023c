// Where the CPU time of a call goes, room by room: a sampling profile of the gateway under load, taken by the inspector of its
// own runtime. The module is the deployed one with the names of its functions left in.
import { startGateway } from "./gateway.mjs";
import { load } from "./load.mjs";
import { startListening } from "./processes.mjs";
import { share } from "./table.mjs";
import { namedModules } from "./workers.mjs";

const CONNECTIONS = 16;
const MICROS_BETWEEN_SAMPLES = 200;
const ROWS = 40;
/** What is added up: rooms that do one thing for every call. */
const TOGETHER = {
  "metrics, all of them": /^(edge::metrics|metric|observe::counted)/,
  "traces, all of them": /^(edge::spans|trace)/,
  "audit trail, all of it": /^(edge::(audit|trails|audit_trail_object)|audit|json::canonical)/,
  "the log": /^(edge::context|observe::(?!counted))/,
};

/** Speaks to the runtime's inspector. */
async function inspector({ miniflare }) {
  const { host } = await miniflare.getInspectorURL();
  const targets = await (await fetch(`http://${host}/json`)).json();
  const target = targets.find(({ id }) => id.endsWith("measured"));
  if (!target) throw new Error(`the Worker has no inspector: ${targets.map(({ id }) => id)}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((opened, failed) => {
    socket.addEventListener("open", opened);
    socket.addEventListener("error", () => failed(new Error("the inspector does not answer")));
  });
  const waiting = new Map();
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    waiting.delete(id);
  });
  let id = 0;
  return (method, params = {}) =>
    new Promise((answered) => {
      waiting.set(++id, answered);
      socket.send(JSON.stringify({ id, method, params }));
    });
}

/** What drives a request and has most of its code within itself, by the compiler's choice. */
const DRIVERS = /edge::spans::(inside|At<|Over<)/;

/** The room of a function of the gateway's: `edge::reply`, or `audit::chain`; of no other's. */
function room(name) {
  if (DRIVERS.test(name)) return "edge, request as a whole";
  const [, ...parts] = /mcp_secure_gateway(?:\[\w+\])?::(\w+)(?:::(\w+))?/.exec(name) ?? [];
  // Types begin with a large letter; they are no rooms.
  return parts.length === 0 ? undefined : parts.filter((part) => /^[a-z]/.test(part ?? "")).join("::");
}

/** Microseconds by room: each sample counts for the innermost function of the gateway that was at work. */
function byRoom({ nodes, samples, timeDeltas }) {
  const node = new Map(nodes.map((one) => [one.id, one]));
  const parent = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const rooms = new Map();
  for (const [index, sample] of samples.entries()) {
    const outermost = node.get(sample).callFrame.functionName;
    if (outermost === "(idle)") continue;
    let found;
    for (let at = sample; at !== undefined && found === undefined; at = parent.get(at)) {
      found = room(node.get(at).callFrame.functionName);
    }
    const name = found ?? (outermost.startsWith("(") ? outermost : "(the platform)");
    rooms.set(name, (rooms.get(name) ?? 0) + timeDeltas[index]);
  }
  return rooms;
}

/** Profiles each of the two calls for some seconds, and prints where its time went. */
export async function profileRooms(state, seconds, direct) {
  const upstream = await startListening("bench/upstream.mjs");
  const gateway = await startGateway(state, upstream, direct, { modules: namedModules, inspected: true });
  const ask = await inspector(gateway);
  await ask("Profiler.enable");
  await ask("Profiler.setSamplingInterval", { interval: MICROS_BETWEEN_SAMPLES });
  for (const call of ["local", "proxied"]) {
    const target = { name: call, ...gateway, ...gateway[call] };
    await load(target, CONNECTIONS, 2);
    await ask("Profiler.start");
    await load(target, CONNECTIONS, seconds);
    const { profile } = await ask("Profiler.stop");
    print(call, byRoom(profile), seconds);
  }
  await gateway.miniflare.dispose();
}

function print(call, rooms, seconds) {
  const whole = [...rooms.values()].reduce((sum, micros) => sum + micros, 0);
  console.log(`\nWhere the CPU time of a ${call} tool call goes, ${seconds} s of ${CONNECTIONS} connections`);
  for (const [name, pattern] of Object.entries(TOGETHER)) {
    const micros = [...rooms].filter(([one]) => pattern.test(one)).reduce((sum, [, some]) => sum + some, 0);
    console.log(share(name, micros / whole));
  }
  console.log("");
  const sorted = [...rooms].toSorted(([, one], [, other]) => other - one).slice(0, ROWS);
  for (const [name, micros] of sorted) console.log(share(name, micros / whole));
}
