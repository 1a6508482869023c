// Providers of quantum-derived bytes on this machine, in a process of their own: healthy ones in the wire formats of three
// providers, or, with `hang`, ones that take every request and never answer. Prints its address when it listens.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const hangs = process.argv[2] === "hang";

const forms = {
  // ANU: 1,024 blocks of eight bytes.
  "/": () => {
    const data = Array.from({ length: 1024 }, () => randomBytes(8).toString("hex"));
    return ["application/json", JSON.stringify({ success: true, type: "hex16", length: "1024", data })];
  },
  // A Quantis appliance.
  "/api/2.0/streambytes": () => ["application/octet-stream", randomBytes(1024)],
  // LfD.
  "/qrng_api/qrng": () => ["application/json", JSON.stringify({ qrn: randomBytes(1024).toString("hex"), length: 1024 })],
};

const listener = createServer((request, response) => {
  if (hangs) return;
  const form = forms[new URL(request.url, "http://localhost").pathname];
  const [type, body] = form?.() ?? ["text/plain", "not found"];
  response.writeHead(form ? 200 : 404, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
});
listener.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${listener.address().port}`));
