// An upstream that costs as little as it can: a Model Context Protocol server of revision 2026-07-28 with one tool, `echo`,
// which answers its text. Prints its address when it listens.
import { createServer } from "node:http";

const revision = "2026-07-28";
const server = { name: "bench-echo", version: "1.0.0" };
const meta = { "io.modelcontextprotocol/serverInfo": server };
const tool = {
  name: "echo",
  description: "Answers its text.",
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
};

const results = {
  "server/discover": () => ({ supportedVersions: [revision], capabilities: { tools: {} }, ttlMs: 60000, cacheScope: "public" }),
  "tools/list": () => ({ tools: [tool], ttlMs: 60000, cacheScope: "public" }),
  "tools/call": ({ arguments: words }) => ({ content: [{ type: "text", text: words.text }], isError: false }),
};

function answer(body) {
  const { id = null, method, params } = JSON.parse(body);
  const result = results[method];
  if (!result) return [404, { jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } }];
  return [200, { jsonrpc: "2.0", id, result: { resultType: "complete", ...result(params), _meta: meta } }];
}

const listener = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const [status, message] = answer(Buffer.concat(parts));
    const text = JSON.stringify(message);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  });
});
listener.keepAliveTimeout = 60000;
listener.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${listener.address().port}`));
