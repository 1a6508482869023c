// The least a JavaScript Worker can do: a fixed text, or, at /fetch, one request to another server. At /record and at
// /fetch/record it does the same with what a gateway owes for each call: its body is in a durable record before the answer
// leaves, and a line of it in the log.
import { DurableObject } from "cloudflare:workers";

const type = { "content-type": "application/json" };
// What the protocol wants of every request to a tool server.
const wanted = ["content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name"];

/** Keeps records, one a request. */
export class Records extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS records (record TEXT NOT NULL) STRICT");
  }

  async fetch(request) {
    this.sql.exec("INSERT INTO records (record) VALUES (?)", await request.text());
    return new Response("");
  }
}

async function fetched(request, env, body) {
  const headers = Object.fromEntries(wanted.map((name) => [name, request.headers.get(name)]));
  return (await fetch(env.UPSTREAM, { method: "POST", headers, body })).text();
}

async function recorded(env, body) {
  const records = env.RECORDS.get(env.RECORDS.idFromName("one"));
  const answer = await records.fetch("https://object/", { method: "POST", body });
  if (answer.status !== 200) throw new Error(`the record was answered ${answer.status}`);
  console.log(JSON.stringify({ level: "info", event: "request", body }));
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const [fetches, records] = [pathname.startsWith("/fetch"), pathname.endsWith("/record")];
    const body = fetches || records ? await request.text() : "";
    const [text] = await Promise.all([
      fetches ? fetched(request, env, body) : '{"ok":true}',
      records ? recorded(env, body) : undefined,
    ]);
    return new Response(text, { headers: type });
  },
};
