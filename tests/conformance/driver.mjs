// The program the conformance suite takes for a client: it puts the suite's server behind the gateway and calls it through
// there, so that the suite sees the gateway as its client.
//
//   GATEWAY=http://127.0.0.1:PROXY XTASK=… STATE=… NAME=leg-1 CLIENT=2026-07-28 node driver.mjs http://localhost:SERVER/mcp
//
// NAME is a name that no upstream and no virtual server of the demo tenant has; CLIENT the revision that is spoken with the
// gateway. Every tool is called, with the arguments the suite wishes or with samples, every resource read, every prompt asked
// for; a question is answered with its defaults. Ends with 1 when any of it is answered with an error.
import { execFileSync } from "node:child_process";

const { GATEWAY, XTASK, STATE, NAME, CLIENT, MCP_CONFORMANCE_CONTEXT } = process.env;
const SERVER = process.argv.at(-1);
const MODERN = CLIENT === "2026-07-28";
const INFO = { name: "conformance-driver", version: "1" };
const CAPABILITIES = { elicitation: { form: {} } };
const META = {
  "io.modelcontextprotocol/protocolVersion": CLIENT,
  "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
  "io.modelcontextprotocol/clientInfo": INFO,
};
const url = `${GATEWAY}/mcp/${NAME}`;
const fixed = { "content-type": "application/json", accept: "application/json, text/event-stream" };
let lastId = 0;

function connectUpstream() {
  const place = ["--tenant", "demo", "--state", STATE];
  execFileSync(XTASK, ["upstream", "add", NAME, SERVER, ...place]);
  execFileSync(XTASK, ["server", "add", NAME, "--upstream", NAME, "--prefix", "never", ...place]);
}

// A gateway sees a new server some seconds later.
async function post(message, headers = {}) {
  for (let tries = 20; ; tries--) {
    const [body, signal] = [JSON.stringify(message), AbortSignal.timeout(20_000)];
    const response = await fetch(url, { method: "POST", headers: { ...fixed, ...headers }, body, signal });
    if (response.status !== 404 || tries === 0) return response;
    await response.text();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

// The messages of an answer: one, or those of a stream as they come.
async function* messages(response) {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const text = await response.text();
    if (text) yield JSON.parse(text);
    return;
  }
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split(/\r?\n\r?\n/);
    rest = events.pop();
    for (const event of events) {
      const data = event.split(/\r?\n/).flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? []).join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}

async function ask(method, params, headers = {}) {
  const id = ++lastId;
  const response = await post({ jsonrpc: "2.0", id, method, params: { ...params, ...(MODERN && { _meta: META }) } }, headers);
  for await (const message of messages(response)) {
    if (message.method && message.id !== undefined) {
      await reply(message);
    } else if (message.id === id || message.error || message.status) {
      if (!message.result || message.result.isError) throw new Error(`${method}: ${JSON.stringify(message)}`);
      return { result: message.result, response };
    }
  }
  throw new Error(`${method}: ${response.status} without an answer`);
}

async function reply(question) {
  await (await post({ jsonrpc: "2.0", id: question.id, result: answer(question) }, session)).text();
}

let session = {}; // the headers of a legacy session

// What the gateway says to a session beside its answers, and a little time for it to listen to the suite's server.
async function listen(signal) {
  const response = await fetch(url, { headers: { accept: "text/event-stream", ...session }, signal });
  const heard = async () => {
    for await (const message of messages(response)) if (message.method && message.id !== undefined) await reply(message);
  };
  heard().catch((error) => signal.aborted || console.error(error.message));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
}

async function connect() {
  if (MODERN) return (await request("server/discover")).capabilities;
  const { result, response } = await ask("initialize", { protocolVersion: CLIENT, capabilities: CAPABILITIES, clientInfo: INFO });
  session = { "mcp-protocol-version": result.protocolVersion, "mcp-session-id": response.headers.get("mcp-session-id") };
  await (await post({ jsonrpc: "2.0", method: "notifications/initialized" }, session)).text();
  return result.capabilities;
}

// One request as a client makes it: it goes on until nothing is asked for any more.
async function request(method, params = {}, mirrored = {}) {
  const name = params.name ?? params.uri;
  const named = { "mcp-protocol-version": CLIENT, "mcp-method": method, ...(name && { "mcp-name": name }), ...mirrored };
  const headers = MODERN ? named : session;
  let { result } = await ask(method, params, headers);
  while (result.resultType === "input_required") {
    const answers = Object.entries(result.inputRequests ?? {}).map(([key, asked]) => [key, answer(asked)]);
    const state = result.requestState === undefined ? {} : { requestState: result.requestState };
    ({ result } = await ask(method, { ...params, inputResponses: Object.fromEntries(answers), ...state }, headers));
  }
  return result;
}

async function list(kind) {
  const { [kind]: items, nextCursor } = await request(`${kind}/list`);
  if (nextCursor) throw new Error(`${kind}/list has a second page`);
  return items;
}

function answer({ method, params }) {
  if (method !== "elicitation/create") throw new Error(`${method} was not declared`);
  const fields = Object.entries(params.requestedSchema.properties);
  return { action: "accept", content: Object.fromEntries(fields.map(([name, schema]) => [name, sample(schema)])) };
}

function sample(schema) {
  const samples = { string: "sample", number: 1, integer: 1, boolean: true, array: [], object: {} };
  return schema.default ?? schema.enum?.[0] ?? samples[schema.type];
}

// A tool that wants a schema gets the richest there is: the suite compares it with the one it sent, and no sample would fit that.
function call(tool, tools) {
  const length = (schema) => JSON.stringify(schema).length;
  const richest = tools.map((each) => each.inputSchema).sort((a, b) => length(b) - length(a))[0];
  const { properties = {}, required = [] } = tool.inputSchema;
  const given = required.map((name) => [name, name === "schema" ? richest : sample(properties[name] ?? {})]);
  return { name: tool.name, arguments: Object.fromEntries(given) };
}

// The suite wishes for null where its own schema does not admit it, and the gateway holds a call to the schema.
function fitting({ inputSchema: { properties = {} } }, values) {
  const admitted = ([name, value]) => value !== null || [properties[name]?.type].flat().includes("null");
  return Object.fromEntries(Object.entries(values).filter(admitted));
}

// What a client of 2026-07-28 repeats in headers.
function mirrored({ inputSchema: { properties = {} } }, values) {
  const headers = Object.entries(properties).map(([name, schema]) => [schema["x-mcp-header"], values[name] ?? undefined]);
  const present = headers.filter(([header, value]) => header && value !== undefined);
  return Object.fromEntries(present.map(([header, value]) => [`mcp-param-${header}`, encoded(String(value))]));
}

function encoded(text) {
  const plain = /^[\x20-\x7e]*$/.test(text) && text.trim() === text;
  return plain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

async function drive() {
  connectUpstream();
  const capabilities = await connect();
  const tools = capabilities.tools ? await list("tools") : [];
  const listening = new AbortController();
  if (!MODERN) await listen(listening.signal);
  const wantSchema = tools.filter(({ inputSchema }) => inputSchema.properties?.schema);
  const samples = (wantSchema.length > 0 ? wantSchema : tools).map((tool) => call(tool, tools));
  const calls = JSON.parse(MCP_CONFORMANCE_CONTEXT ?? "{}").toolCalls ?? samples;
  const work = calls.map((wanted) => {
    const tool = tools.find(({ name }) => name === wanted.name);
    if (!tool) throw new Error(`the tool ${wanted.name} is not listed`);
    const given = fitting(tool, wanted.arguments);
    return ["tools/call", { name: tool.name, arguments: given }, mirrored(tool, given)];
  });
  if (capabilities.resources) work.push(...(await list("resources")).map(({ uri }) => ["resources/read", { uri }]));
  if (capabilities.prompts) work.push(...(await list("prompts")).map(({ name }) => ["prompts/get", { name }]));
  // Side by side: what belongs to one request must not get into another.
  const ended = await Promise.allSettled(work.map((wanted) => request(...wanted)));
  listening.abort();
  if (!MODERN) await fetch(url, { method: "DELETE", headers: session });
  for (const [at, { reason, value }] of ended.entries()) {
    console.log(JSON.stringify(work[at]), "→", reason?.message ?? JSON.stringify(value));
    if (reason) console.error(reason.message);
  }
  if (ended.some(({ reason }) => reason)) process.exitCode = 1;
}

drive().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
