// The gateway under load: its settings for the run, the demo account's token, and the two calls that are measured.
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";
import { gatewayModules, start } from "./workers.mjs";

const revision = "2026-07-28";
const prefix = "bench";

/** A port nobody listens on; the gateway must know its own address before it starts. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

/** What the simulator starts beside the gateway. */
export const services = {
  d1Databases: { DB: "local" },
  kvNamespaces: { REVOCATIONS: "local" },
  serviceBindings: { ASSETS: () => new Response("no static files here", { status: 404 }) },
};

const key = () => randomBytes(32).toString("base64url");

function options(issuer, more = {}, modules = gatewayModules) {
  return {
    ...modules,
    bindings: {
      PROFILE: "local",
      ISSUER: issuer,
      SIGNING_KEY: key(),
      ENCRYPTION_KEY: key(),
      // The limit is not what is measured: it stands where a run cannot reach it, and is asked all the same.
      RATE_LIMIT_BURST: "1000000",
      RATE_LIMIT_PER_MINUTE: "60000000",
      ...more,
    },
    ...services,
    durableObjects: {
      GATE: { className: "Gate", useSQLite: true },
      ENTROPY_HUB: { className: "EntropyHub", useSQLite: true },
      MCP_SESSION: { className: "McpSession", useSQLite: true },
      MCP_HELD: { className: "McpHeld", useSQLite: true },
      AUDIT_TRAIL: { className: "AuditTrail", useSQLite: true },
      METRICS: { className: "Metrics", useSQLite: true },
    },
  };
}

/** A gateway that can only say that it lives. */
export const bareGateway = () => options("http://127.0.0.1:8787");

async function post(url, body, headers = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

async function addUpstream(miniflare, upstream) {
  const database = await miniflare.getD1Database("DB");
  const user = await database.prepare("SELECT tenant_id FROM users WHERE username = 'demo'").first();
  await database
    .prepare("INSERT INTO upstreams (id, tenant_id, name, url, created_at) VALUES (?, ?, ?, ?, ?)")
    .bind("ups_00000000000000000000000000", user.tenant_id, prefix, `${upstream}/mcp`, Date.now())
    .run();
}

/** A team with the demo account's password: its rules, and when the record of a call is written. */
async function addTeam(miniflare, name, rules, recorded) {
  const database = await miniflare.getD1Database("DB");
  await database.batch([
    database
      .prepare("INSERT INTO tenants (id, name, created_at, audit_calls) VALUES (?, ?, ?, ?)")
      .bind(name, name, Date.now(), recorded),
    database
      .prepare(
        "INSERT INTO users (id, tenant_id, username, password_hash, created_at, role) " +
          "SELECT ?, ?, ?, password_hash, ?, 'developer' FROM users WHERE username = 'demo'",
      )
      .bind(`${name}-user`, name, name, Date.now()),
    ...rules.map((rule, index) =>
      database
        .prepare(
          "INSERT INTO policies (id, tenant_id, name, rule, made_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, 1)",
        )
        .bind(`${name}-${index}`, name, rule.name, JSON.stringify(rule), `${name}-user`),
    ),
  ]);
}

/** A hundred rules as a team has them: most about other tools, some about others, ten with a condition that must be evaluated. */
const hundredRules = Array.from({ length: 100 }, (_, index) => {
  const name = `rule ${index}`;
  if (index < 10) {
    const when = index % 2 ? `subject.groups.size() > ${index}` : `has(arguments.amount) && arguments.amount > ${index}`;
    return { name, effect: "deny", actions: ["call"], what: { tools: ["server_*"] }, when };
  }
  const who = index % 2 ? { roles: ["auditor"] } : {};
  return { name, effect: "deny", who, what: { tools: [`files__${index}_*`] } };
});

/** One `tools/call` of revision 2026-07-28 as a load target. */
function toolCall(origin, token, name, words, expect) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": revision,
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: words, _meta: meta };
  return {
    url: `${origin}/mcp`,
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${token}`,
      "mcp-protocol-version": revision,
      "mcp-method": "tools/call",
      "mcp-name": name,
    },
    expect,
  };
}

/** Starts the gateway on the database in `state`, with `upstream` as the demo account's only tool server, and `more` settings. */
export async function startGateway(state, upstream, direct, { modules, more, inspected } = {}) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const persisted = { resourcePersistencePath: `${state}/v3` };
  const started = await start({ ...options(origin, more, modules), ...persisted, port, inspected }, direct);
  await addUpstream(started.miniflare, upstream);
  await addTeam(started.miniflare, "unruled", [], "before");
  await addTeam(started.miniflare, "ruled", hundredRules, "before");
  await addTeam(started.miniflare, "relaxed", [], "after");
  const login = async (username) => (await post(`${origin}/auth/login`, { username, password: "demo123" })).access_token;
  const token = await login("demo");
  const [unruled, ruled, relaxed] = [await login("unruled"), await login("ruled"), await login("relaxed")];
  const listed = await (await fetch(`${origin}/mcp/tools`, { headers: { authorization: `Bearer ${token}` } })).json();
  const names = (listed.tools ?? listed).map(({ name }) => name);
  const echo = names.find((name) => name.startsWith(prefix) && name.endsWith("echo"));
  if (!echo || !names.includes("server_time")) throw new Error(`unexpected tools: ${names.join(", ")}`);
  return {
    ...started,
    local: toolCall(origin, token, "server_time", {}, '"resultType":"complete"'),
    unruled: toolCall(origin, unruled, "server_time", {}, '"resultType":"complete"'),
    ruled: toolCall(origin, ruled, "server_time", {}, '"resultType":"complete"'),
    relaxed: toolCall(origin, relaxed, "server_time", {}, '"resultType":"complete"'),
    proxied: toolCall(origin, token, echo, { text: "hello" }, '"text":"hello"'),
  };
}

/** Settings of a gateway that asks three providers at `url`, as often as it can. */
const providersAt = (url) => ({
  ENTROPY_PROVIDERS: "anu,idq,lfd",
  ENTROPY_REFILL_SECONDS: "1",
  ENTROPY_BREAKER_SECONDS: "1",
  ANU_API_KEY: "bench",
  ...Object.fromEntries(["ANU", "IDQ", "LFD"].map((name) => [`${name}_BASE_URL`, url])),
  LOGIN_SOURCE_BURST: "1000000",
  LOGIN_SOURCE_PER_MINUTE: "60000000",
});

/** Starts a gateway on the database in `state` whose providers stand at `url`; `label` says what a token is made of by now. */
export async function startWithProviders(state, url) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const persisted = { resourcePersistencePath: `${state}/v3` };
  const started = await start({ ...options(origin, providersAt(url)), ...persisted, port }, false);
  const account = { username: "demo", password: "demo123" };
  const login = async () => (await post(`${origin}/auth/login`, account)).access_token;
  const token = await login();
  const headers = { "content-type": "application/json" };
  return {
    ...started,
    calls: {
      login: { url: `${origin}/auth/login`, body: JSON.stringify(account), headers, expect: '"access_token":"' },
      server_time: toolCall(origin, token, "server_time", {}, '"resultType":"complete"'),
      quantum_random: toolCall(origin, token, "quantum_random", {}, '"resultType":"complete"'),
    },
    label: async () => JSON.parse(Buffer.from((await login()).split(".")[1], "base64url")).ent.label,
  };
}
