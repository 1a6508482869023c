// The least a JavaScript Worker can do: a fixed text, or, at /fetch, one request to another server.
const type = { "content-type": "application/json" };
// What the protocol wants of every request to a tool server.
const wanted = ["content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name"];

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/fetch") return new Response('{"ok":true}', { headers: type });
    const headers = Object.fromEntries(wanted.map((name) => [name, request.headers.get(name)]));
    const answer = await fetch(env.UPSTREAM, { method: "POST", headers, body: await request.text() });
    return new Response(await answer.text(), { headers: type });
  },
};
