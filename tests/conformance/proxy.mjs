// Stands between the conformance suite, which cannot log in, and the gateway, which wants a token with every request.
//
//   node proxy.mjs http://127.0.0.1:GATEWAY
//
// Prints `listening on http://127.0.0.1:PORT` and ends when its standard input does. Every request goes on as it came, with
// `Authorization` added. Its own port in Host and Origin becomes the gateway's; a foreign one stays foreign.
import http from "node:http";

const gateway = new URL(process.argv[2]);
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);
const LOOPBACK = /^(http:\/\/)?(127\.0\.0\.1|localhost|\[::1\]):(\d+)$/i;

let login; // { token, until }: a promise, so that requests side by side log in once

function token() {
  login ??= logIn().catch((error) => {
    login = undefined;
    throw error;
  });
  return login.then((session) => {
    if (Date.now() < session.until) return session.token;
    login = undefined;
    return token();
  });
}

async function logIn() {
  const response = await fetch(new URL("/auth/login", gateway), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "demo", password: "demo123" }),
  });
  if (!response.ok) throw new Error(`login: ${response.status} ${await response.text()}`);
  const { access_token, expires_in } = await response.json();
  return { token: access_token, until: Date.now() + expires_in * 500 };
}

// Pairs of a raw header list, without what belongs to one connection.
function* fields(raw) {
  for (let at = 0; at < raw.length; at += 2) {
    if (!HOP_BY_HOP.has(raw[at].toLowerCase())) yield [raw[at], raw[at + 1]];
  }
}

function forwarded(raw, bearer) {
  const headers = ["Authorization", `Bearer ${bearer}`];
  for (const [name, value] of fields(raw)) {
    const lower = name.toLowerCase();
    if (lower === "authorization") continue;
    headers.push(name, lower === "host" || lower === "origin" ? translated(value) : value);
  }
  return headers;
}

function translated(value) {
  const [, scheme = "", host, port] = LOOPBACK.exec(value) ?? [];
  return Number(port) === proxy.address().port ? `${scheme}${host}:${gateway.port}` : value;
}

async function pass(request, response) {
  const headers = forwarded(request.rawHeaders, await token());
  const { hostname, port } = gateway;
  const onward = http.request({ hostname, port, method: request.method, path: request.url, headers, setHost: false });
  onward.on("response", (answer) => {
    if (answer.statusCode === 401) login = undefined;
    response.writeHead(answer.statusCode, answer.statusMessage, [...fields(answer.rawHeaders)].flat());
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  onward.on("error", (error) => fail(response, error));
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

function fail(response, error) {
  if (response.headersSent) return response.destroy();
  response.writeHead(502, { "content-type": "text/plain" }).end(`the gateway: ${error.message}\n`);
}

const proxy = http.createServer((request, response) => {
  pass(request, response).catch((error) => fail(response, error));
});
proxy.requestTimeout = 0;
proxy.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${proxy.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
