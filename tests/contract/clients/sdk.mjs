// The TypeScript SDK's own OAuth client, of either generation, against the gateway.
//
//   node sdk.mjs v1|v2 legacy|modern none|client_secret_basic|client_secret_post http://127.0.0.1:8787/mcp
//
// Connects, is sent to sign in, lists and calls; then with an access token that is not good any more; then as a client that
// may only read until it has to call. Tells each step, and asks the test for a person three times at most.
import { tell, visit } from "./talk.mjs";

const [generation, era, method, address] = process.argv.slice(2);
const url = new URL(address);
const REDIRECT = "http://127.0.0.1:51999/callback";
const sdk = generation === "v1" ? await first() : await import("@modelcontextprotocol/client");

async function first() {
  const [{ Client }, { StreamableHTTPClientTransport }, { UnauthorizedError, auth }] = await Promise.all([
    import("@modelcontextprotocol/sdk/client/index.js"),
    import("@modelcontextprotocol/sdk/client/streamableHttp.js"),
    import("@modelcontextprotocol/sdk/client/auth.js"),
  ]);
  return { Client, StreamableHTTPClientTransport, UnauthorizedError, auth };
}

/** A host that keeps in memory what the SDK gives it. */
class Host {
  redirectUrl = REDIRECT;
  clientMetadata = {
    client_name: `TypeScript SDK ${generation}`,
    redirect_uris: [REDIRECT],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: method,
  };
  asked = undefined;
  state = () => (this.kept = crypto.randomUUID());
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.pair;
  saveTokens = (pair) => void (this.pair = pair);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (state) => void (this.discovered = state);
  redirectToAuthorization = (asked) => void (this.asked = asked);

  /** Has a person go where the SDK wants one to: what came back. */
  async person() {
    const arrived = (await visit(this.asked)).searchParams;
    if (arrived.get("state") !== this.kept) throw new Error("another state came back");
    return arrived;
  }
}

const transport = (host) => new sdk.StreamableHTTPClientTransport(url, { authProvider: host });
// The older generation takes the code alone; the newer one looks at the issuer of the answer too.
const finish = (by, arrived) => by.finishAuth(generation === "v1" ? arrived.get("code") : arrived);

function client() {
  const options = era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {};
  return new sdk.Client({ name: "contract", version: "1.0.0" }, options);
}

/** Whether what is done ends in a person being asked. */
async function sendsAway(done) {
  try {
    await done();
    return false;
  } catch (error) {
    if (error instanceof sdk.UnauthorizedError) return true;
    throw error;
  }
}

async function use(host) {
  const connected = client();
  await connected.connect(transport(host));
  const { tools } = await connected.listTools();
  const result = await connected.callTool({ name: "server_time", arguments: {} });
  const { access_token, refresh_token, scope } = host.pair;
  tell({ tools: tools.map(({ name }) => name), result, access_token, refresh_token, scope });
  return connected;
}

// 1. Sent away, and let in after it.
const host = new Host();
const before = transport(host);
if (!(await sendsAway(() => client().connect(before)))) throw new Error("nobody was asked");
await finish(before, await host.person());
await (await use(host)).close();

// 2. The access token is not good any more: a new pair, without a person.
host.asked = undefined;
host.pair = { ...host.pair, access_token: "not.good.any-more" };
await (await use(host)).close();
if (host.asked) throw new Error("a person was asked for what a refresh does");

// 3. What may be read is not yet what may be called.
const reader = new Host();
await sdk.auth(reader, { serverUrl: url, scope: "tools:read" });
const arrived = await reader.person();
await sdk.auth(reader, {
  serverUrl: url,
  authorizationCode: arrived.get("code"),
  ...(generation === "v2" && { iss: arrived.get("iss") }),
});
tell({ scope: reader.pair.scope });
// The older generation refreshes instead of asking for more when it can refresh, and then gives up.
if (generation === "v1") {
  const refreshing = client();
  await refreshing.connect(transport(reader));
  const refused = await refreshing.callTool({ name: "server_time", arguments: {} }).catch((error) => error);
  if (refused?.code !== 403) throw new Error(`no refusal: ${refused}`);
  await refreshing.close();
  delete reader.pair.refresh_token;
}
const by = transport(reader);
const reading = client();
await reading.connect(by);
const { tools } = await reading.listTools();
reader.asked = undefined;
const sent = await sendsAway(() => reading.callTool({ name: "server_time", arguments: {} }));
tell({ sent, tools: tools.length });
await finish(by, await reader.person());
const result = await reading.callTool({ name: "server_time", arguments: {} });
tell({ result, scope: reader.pair.scope });
await reading.close();
process.exit(0);
